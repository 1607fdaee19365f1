import { DhowError } from '#errors/error.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import type { AttachRequest } from '#network/network.ts';
import { parseBridgeOptions } from '#network/options/bridge-options.ts';
import { describeTaken, PortTaken } from '#network/ports/port-holds.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { isBridgeNetwork } from '#network/tables/networks.ts';
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
      const gateways = gatewaysOf(parts, container.id);
      const gateway = gateways[4] ?? gateways[6];
      if (gateway === undefined || !isBridgeNetwork(gateway.network)) return result;
      if (parts.ports.ofContainer(container.id).length > 0) return result;
      endpointId = gateway.endpoint.id;
      holds.reserve(container.id, ports, parseBridgeOptions(gateway.network.options).hostBinding);
      return result;
    });
  } catch (error) {
    if (error instanceof PortTaken) {
      throw await describeTaken(error, parts.ports, { name: container.name, endpointId });
    }
    throw error;
  }
}
