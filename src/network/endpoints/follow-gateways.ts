import type { EndpointParts } from '#network/endpoints/parts.ts';
import { removeDefaultRoute, setDefaultRoute } from '#network/kernel/interface.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { type Gateways, gatewaysOf, type PortTarget, portTargetsOf } from '#network/tables/port-targets.ts';

/** What of a container depends on which of its endpoints has the default route. */
export interface Ways {
  gateways: Gateways;
  targets: PortTarget[];
}

export function waysOf(parts: EndpointParts, containerId: string): Ways {
  return { gateways: gatewaysOf(parts, containerId), targets: portTargetsOf(parts, containerId) };
}

/** Moves default routes in a sandbox from one choice of endpoints to another. */
export function moveRoutes(sandbox: NamespaceSandbox, from: Gateways, to: Gateways): void {
  for (const family of [4, 6] as const) {
    const [before, after] = [from[family], to[family]];
    if (before?.endpoint.id === after?.endpoint.id) continue;
    if (before) removeDefaultRoute(sandbox, family, before.endpoint.interfaceName);
    const gateway = after?.network.pools[family]?.gateway;
    if (after && gateway !== undefined) {
      setDefaultRoute(sandbox, family, { gateway, interfaceName: after.endpoint.interfaceName });
    }
  }
}

/** Moves the translation of published ports. The rows are up to date. */
export async function movePorts(
  parts: EndpointParts,
  from: readonly PortTarget[],
  to: readonly PortTarget[],
): Promise<void> {
  if (JSON.stringify(from.map(keyOf)) === JSON.stringify(to.map(keyOf))) return;
  const intact = parts.firewall.changePorts('delete', from) && parts.firewall.changePorts('add', to);
  if (!intact) await parts.firewall.rebuild([...from, ...to]);
}

function keyOf({ containerPort, protocol, hostAddress, hostPort, addresses }: PortTarget): string[] {
  return [containerPort, protocol, hostAddress, hostPort, addresses[4]?.value, addresses[6]?.value].map(
    String,
  );
}
