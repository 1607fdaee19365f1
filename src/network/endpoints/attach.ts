import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { detachContainer } from '#network/endpoints/detach.ts';
import { moveRoutes, waysOf } from '#network/endpoints/follow-gateways.ts';
import { joinNetwork } from '#network/endpoints/join.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { publishPorts } from '#network/endpoints/publish.ts';
import { reserveEndpoint } from '#network/endpoints/reserve.ts';
import { hasNames } from '#network/endpoints/view.ts';
import { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import type { AttachRequest, Sandbox } from '#network/network.ts';
import { hasInterfaces, isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';

/**
 * Attaches a sandbox to its networks. What is shared with others (names, addresses, ports) is taken in one transaction: attaching many
 * at once needs no lock.
 * The rows come first, so that a crash leaves something that `restore` finds.
 * @param networks one for each endpoint of the request
 */
export async function attachContainer(
  parts: EndpointParts,
  networks: readonly NetworkRow[],
  request: AttachRequest,
): Promise<void> {
  const { container } = request;
  // Of a start that failed on a full disk, where its undo failed too.
  if (parts.endpoints.container(container.id)) {
    await detachContainer(parts, container.id, 'delete-interfaces');
  }
  await using undo = new AsyncDisposableStack();
  const rows = await publishPorts(parts, request, () => {
    parts.endpoints.insertContainer({ nameServers: [], ...container });
    parts.links.insert(container.id, request.links ?? []);
    return request.endpoints.map((endpoint, index) =>
      reserveEndpoint(parts, networks[index] as NetworkRow, container, endpoint),
    );
  });
  undo.defer(
    quietly('detach container', async () => {
      await detachContainer(parts, container.id, 'delete-interfaces');
    }),
  );
  if (networks.some(hasInterfaces)) {
    const sandbox = requireSandbox(container.id, request.sandbox);
    for (const [index, row] of rows.entries()) {
      const { sysctls } = request.endpoints[index] ?? {};
      await joinNetwork(parts, sandbox, networks[index] as NetworkRow, row, sysctls);
    }
    const { gateways, targets } = waysOf(parts, container.id);
    moveRoutes(sandbox, {}, gateways);
    if (networks.some(hasNames)) parts.resolvers.start(container.id, sandbox);
    const intact =
      parts.firewall.changePorts('add', targets) &&
      parts.firewall.changeLinks('add', parts.links.ofContainer(container.id));
    if (intact) await parts.firewall.forgetStrays([], targets);
    else await parts.firewall.rebuild();
  }
  await openPassage(parts, networks);
  undo.move();
}

/** Looks whether another program's firewall stands in the way, and makes room. */
export async function openPassage(parts: EndpointParts, networks: readonly NetworkRow[]): Promise<void> {
  const bridges = networks.filter(isBridgeNetwork).map((network) => network.interfaceName);
  if (!bridges.every((bridge) => parts.passage.isOpen(bridge))) await parts.passage.open();
}

export function requireSandbox(containerId: string, sandbox: Sandbox | undefined): NamespaceSandbox {
  if (sandbox instanceof NamespaceSandbox && !sandbox.closed) return sandbox;
  throw new DhowError('Internal', `container ${containerId} has no open sandbox`);
}
