import { DhowError } from '#errors/error.ts';
import type { Family } from '#network/addresses/ip.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import type { AttachRequest } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { describeTaken, PortTaken } from '#network/ports/port-taken.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { gatewaysOf } from '#network/tables/port-targets.ts';

/** The attribute that carries a container's elements and one sane container fit well within. */
const maximumPorts = 65_535;

/**
 * Runs `reserve`, which writes the endpoints' rows, and then takes the container's host ports, in one transaction. Ports
 * wait as long as no endpoint has the default route, and are not taken twice.
 * @throws what `reserve` throws; Conflict with reason `port-in-use`
 */
export async function publishPorts<T extends EndpointRow | EndpointRow[]>(
  parts: EndpointParts,
  { container, ports }: Pick<AttachRequest, 'container' | 'ports'>,
  reserve: () => T,
): Promise<T> {
  const { database, holds } = parts;
  if (ports.length > maximumPorts) {
    throw new DhowError('InvalidParameter', `container "${container.name}" publishes too many ports`);
  }
  let endpointId = '';
  try {
    return database.transaction(() => {
      const result = reserve();
      if (parts.ports.ofContainer(container.id).length > 0) return result;
      const ways = publishingWays(parts, container.id);
      if (ways === undefined) return result;
      endpointId = ways.endpointId;
      holds.reserve(container.id, ports, ways);
      return result;
    });
  } catch (error) {
    if (error instanceof PortTaken) {
      throw await describeTaken(error, { name: container.name, endpointId });
    }
    throw error;
  }
}

/** How ports of a container can be published; undefined while it has no default route by a bridge. */
export function publishingWays(
  parts: Pick<EndpointParts, 'networks' | 'endpoints' | 'ports'>,
  containerId: string,
): { endpointId: string; defaultAddress: string; families: Family[] } | undefined {
  const gateways = gatewaysOf(parts, containerId);
  const families = ([4, 6] as const).filter((family) => gateways[family]?.network.driver === 'bridge');
  const gateway = families.map((family) => gateways[family]).find((each) => each !== undefined);
  if (gateway === undefined) return undefined;
  const { hostBinding } = parseBridgeOptions(gateway.network.options);
  return { endpointId: gateway.endpoint.id, defaultAddress: hostBinding, families };
}
