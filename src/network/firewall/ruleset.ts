import { formatIpv4, formatSubnet } from '#network/addresses/ipv4.ts';
import { mapNames, wildcardAddress } from '#network/firewall/elements.ts';
import { bridgeGroup } from '#network/kernel/bridge.ts';
import type { PortTarget } from '#network/tables/endpoints.ts';
import type { BridgeNetwork } from '#network/tables/networks.ts';

export interface RulesetInput {
  table: string;
  networks: readonly Pick<BridgeNetwork, 'bridge' | 'subnet'>[];
  ports: readonly PortTarget[];
  /** Drop what is forwarded between interfaces that are not ours: forwarding was off before Dhow. */
  dropStrangers: boolean;
  /** Bridges of the host that belong to no Dhow daemon. */
  otherBridges: readonly string[];
}

/**
 * Bridges of other programs, which filter their own forwarding; holding their packets back would break them.
 * Docker, Podman, libvirt, LXC, LXD and Incus.
 */
const otherPrograms = ['docker0', 'br-*', 'podman*', 'cni-*', 'virbr*', 'lxcbr*', 'lxdbr*', 'incusbr*'];

/** Pairs grow with the square. */
const maximumPairedBridges = 32;

/**
 * The whole table as one script, which replaces the former one in one transaction. The number of rules is constant:
 * networks and ports are elements of sets and maps.
 *
 * - `early` runs before connection tracking. Bridges may route loopback addresses (so that 127.0.0.1:8080 reaches a
 *   container), therefore containers must not: neither to 127.0.0.1 of the host nor from a forged 127.0.0.1.
 * - `incoming` translates published ports for the outside and for containers. 127.0.0.0/8 is left out: such a packet
 *   from a neighbour would otherwise reach a port that is published on 127.0.0.1 only.
 * - `outgoing` does the same for processes of the host.
 * - `sources` hides containers behind the host towards the outside, and makes answers come back through the host when
 *   client and server are on the same bridge, or when the client used 127.0.0.1.
 * - `forwarding` lets containers out; towards containers only answers, published ports, and siblings on one bridge.
 *   An unpublished port, or one published on another address, is not reachable by a route to the bridge's subnet.
 */
export function renderRuleset(input: RulesetInput): string {
  const { table, networks } = input;
  const bridges = networks.map(({ bridge }) => quote(bridge));
  const subnets = networks.map(({ subnet }) => formatSubnet(subnet));
  const wildcard = input.ports.filter((port) => port.hostAddress === wildcardAddress);
  const addressed = input.ports.filter((port) => port.hostAddress !== wildcardAddress);
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  set bridges { typeof iifname; ${elements(bridges)} }
  set subnets { typeof ip saddr; flags interval; ${elements(subnets)} }
  set siblings { typeof iifname . oifname; ${elements(bridges.map((name) => `${name} . ${name}`))} }
  set insiders { typeof oifname . ip saddr; flags interval; ${elements(networks.map(insider))} }
  map ${mapNames.addressed} {
    typeof ip daddr . meta l4proto . th dport : ip daddr . th dport
    ${elements(addressed.map((port) => `${port.hostAddress} . ${protocolAndPort(port)} : ${destination(port)}`))}
  }
  map ${mapNames.wildcard} {
    typeof meta l4proto . th dport : ip daddr . th dport
    ${elements(wildcard.map((port) => `${protocolAndPort(port)} : ${destination(port)}`))}
  }

  chain early {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
    iifname @bridges ip saddr 127.0.0.0/8 drop
  }
  chain incoming {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr != 127.0.0.0/8 fib daddr type local jump translate
  }
  chain outgoing {
    type nat hook output priority -100; policy accept;
    meta nfproto ipv4 fib daddr type local jump translate
  }
  chain translate {
    dnat ip to ip daddr . meta l4proto . th dport map @${mapNames.addressed}
    dnat ip to meta l4proto . th dport map @${mapNames.wildcard}
  }
  chain sources {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    oifname . ip saddr @insiders ct status dnat masquerade
    oifname != @bridges ip saddr @subnets masquerade
  }
  chain forwarding {
    type filter hook forward priority filter; policy accept;
    oifname @bridges jump towards_containers
    ${input.dropStrangers ? 'jump strangers' : ''}
  }
  chain towards_containers {
    ct state established,related accept
    ct status dnat accept
    iifname . oifname @siblings accept
    drop
  }
  ${input.dropStrangers ? strangers(input.otherBridges) : ''}
}
`;
}

/**
 * Frames that a bridge passes between its own ports come by here as well when bridge-nf-call-iptables is 1, with the
 * bridge as both interfaces. They are not routed and must stay untouched, but nft cannot compare two interfaces; so
 * packets from bridge to bridge are left alone, except between different bridges that are known by name.
 */
function strangers(bridges: readonly string[]): string {
  const filtered = bridges.filter((name) => !isOfOtherProgram(name)).slice(0, maximumPairedBridges);
  const pairs = filtered.flatMap((from) =>
    filtered.filter((to) => to !== from).map((to) => `${quote(from)} . ${quote(to)}`),
  );
  return `chain strangers {
    iifgroup ${bridgeGroup} return
    oifgroup ${bridgeGroup} return
    ${pairs.length === 0 ? '' : `meta nfproto ipv4 iifname . oifname { ${pairs.join(', ')} } drop`}
    meta iifkind "bridge" meta oifkind "bridge" return
    iifname { ${otherPrograms.map(quote).join(', ')} } return
    oifname { ${otherPrograms.map(quote).join(', ')} } return
    meta nfproto ipv4 drop
  }`;
}

function isOfOtherProgram(name: string): boolean {
  return otherPrograms.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function insider(network: Pick<BridgeNetwork, 'bridge' | 'subnet'>): string {
  return `${quote(network.bridge)} . ${formatSubnet(network.subnet)}`;
}

function protocolAndPort(port: PortTarget): string {
  return `${port.protocol} . ${port.hostPort}`;
}

function destination(port: PortTarget): string {
  return `${formatIpv4(port.address)} . ${port.containerPort}`;
}

function elements(items: string[]): string {
  return items.length === 0 ? '' : `elements = { ${items.join(', ')} }`;
}

function quote(name: string): string {
  return `"${name}"`;
}
