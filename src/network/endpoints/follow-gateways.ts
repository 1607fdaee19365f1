import type { EndpointParts } from '#network/endpoints/parts.ts';
import { removeDefaultRoute, setDefaultRoute } from '#network/kernel/interface.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { isRoutedByParent } from '#network/options/ipvlan-options.ts';
import type { OpenPort } from '#network/tables/links.ts';
import { type Gateways, gatewaysOf, type PortTarget, portTargetsOf } from '#network/tables/port-targets.ts';

/** What of a container depends on the endpoints that it has, and on which of them has the default route. */
export interface Ways {
  gateways: Gateways;
  targets: PortTarget[];
  /** What links open. */
  openPorts: OpenPort[];
}

export function waysOf(parts: EndpointParts, containerId: string): Ways {
  return {
    gateways: gatewaysOf(parts, containerId),
    targets: portTargetsOf(parts, containerId),
    openPorts: parts.links.ofContainer(containerId),
  };
}

/** Moves default routes in a sandbox from one choice of endpoints to another. */
export function moveRoutes(sandbox: NamespaceSandbox, from: Gateways, to: Gateways): void {
  for (const family of [4, 6] as const) {
    const [before, after] = [from[family], to[family]];
    if (before?.endpoint.id === after?.endpoint.id) continue;
    if (before) removeDefaultRoute(sandbox, family, before.endpoint.interfaceName);
    if (after === undefined) continue;
    const { interfaceName } = after.endpoint;
    const gateway = isRoutedByParent(after.network) ? undefined : after.network.pools[family]?.gateway;
    setDefaultRoute(sandbox, family, { gateway, interfaceName });
  }
}

/** Moves the translation of published ports, and what links open. The rows are up to date. */
export async function movePorts(parts: EndpointParts, from: Ways, to: Ways): Promise<void> {
  const { firewall } = parts;
  const targetsStay = sameText(from.targets.map(keyOf), to.targets.map(keyOf));
  const linksStay = sameText(from.openPorts.map(keyOfOpen), to.openPorts.map(keyOfOpen));
  const intact =
    (targetsStay ||
      (firewall.changePorts('delete', from.targets) && firewall.changePorts('add', to.targets))) &&
    (linksStay ||
      (firewall.changeLinks('delete', from.openPorts) && firewall.changeLinks('add', to.openPorts)));
  if (!intact) await firewall.rebuild(from.targets);
  else if (!targetsStay) await firewall.forgetStrays(from.targets, to.targets);
}

function sameText(one: string[][], other: string[][]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function keyOfOpen({ bridge, from, to, port, protocol }: OpenPort): string[] {
  return [bridge, from.value, to.value, port, protocol].map(String);
}

function keyOf({ containerPort, protocol, hostAddress, hostPort, addresses }: PortTarget): string[] {
  return [containerPort, protocol, hostAddress, hostPort, addresses[4]?.value, addresses[6]?.value].map(
    String,
  );
}
