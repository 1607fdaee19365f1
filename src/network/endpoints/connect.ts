import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { openPassage, requireSandbox } from '#network/endpoints/attach.ts';
import { deleteInterface } from '#network/endpoints/detach.ts';
import { movePorts, moveRoutes, waysOf } from '#network/endpoints/follow-gateways.ts';
import { joinNetwork } from '#network/endpoints/join.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { publishPorts } from '#network/endpoints/publish.ts';
import { reserveEndpoint } from '#network/endpoints/reserve.ts';
import { hasNames } from '#network/endpoints/view.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import type { ConnectRequest } from '#network/network.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import type { NetworkRow } from '#network/tables/networks.ts';
import { gatewaysOf } from '#network/tables/port-targets.ts';

/** One endpoint more for a running container. The default route and the published ports follow their rules. */
export async function connectContainer(
  parts: EndpointParts,
  network: NetworkRow,
  request: ConnectRequest,
): Promise<void> {
  const { container } = request;
  const sandbox = requireSandbox(container.id, request.sandbox);
  const before = waysOf(parts, container.id);
  await using undo = new AsyncDisposableStack();
  const row = await publishPorts(parts, request, () => {
    if (!parts.endpoints.container(container.id)) {
      parts.endpoints.insertContainer({ nameServers: [], ...container });
    }
    return reserveEndpoint(parts, network, container, request.endpoint);
  });
  undo.defer(quietly('disconnect container', () => removeEndpoint(parts, row, sandbox)));
  await joinNetwork(parts, sandbox, network, row, request.endpoint.sysctls);
  if (hasNames(network) && !parts.resolvers.has(container.id)) parts.resolvers.start(container.id, sandbox);
  const after = waysOf(parts, container.id);
  moveRoutes(sandbox, before.gateways, after.gateways);
  await movePorts(parts, before, after);
  await openPassage(parts, [network]);
  undo.move();
}

/** One endpoint less. @throws NotFound when the container is not on the network */
export async function disconnectContainer(
  parts: EndpointParts,
  network: NetworkRow,
  containerId: string,
  sandbox: NamespaceSandbox,
): Promise<void> {
  const row = parts.endpoints.ofContainer(containerId).find((each) => each.networkId === network.id);
  if (row === undefined) {
    throw new DhowError('NotFound', `container ${containerId} is not connected to network ${network.name}`);
  }
  await removeEndpoint(parts, row, sandbox);
}

async function removeEndpoint(
  parts: EndpointParts,
  row: EndpointRow,
  sandbox: NamespaceSandbox,
): Promise<void> {
  const { containerId } = row;
  const before = waysOf(parts, containerId);
  parts.database.transaction(() => {
    parts.endpoints.remove(row.id);
    const gateways = gatewaysOf(parts, containerId);
    if (gateways[4] === undefined && gateways[6] === undefined) {
      for (const port of before.targets) parts.ports.remove(port);
      parts.holds.release(containerId);
    }
  });
  const after = waysOf(parts, containerId);
  moveRoutes(sandbox, before.gateways, after.gateways);
  await movePorts(parts, before, after);
  if (row.hostInterface !== '') await deleteInterface(row.hostInterface);
  else if (row.interfaceName !== '') sandbox.deleteInterface(row.interfaceName);
}
