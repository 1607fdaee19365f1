import type { Family } from '#network/addresses/ip.ts';
import { type Element, gateSets, gateTable, sets, textOfElement } from '#network/firewall/elements.ts';
import { bridgeGroup } from '#network/kernel/bridge.ts';
import type { Gate } from '#network/kernel/gate.ts';

export interface RulesetInput {
  table: string;
  elements: readonly Element[];
  /** Families of which to drop what is forwarded between interfaces that are not ours: forwarding was off before Dhow. */
  dropStrangers: readonly Family[];
  /** Bridges of the host that belong to no Dhow daemon. */
  otherBridges: readonly string[];
  /** When published ports obey the host's firewall: the two interfaces of the gate. */
  gate: Gate | undefined;
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
 * - `outgoing` does the same for processes of the host, except to ::1: the kernel lets such packets not leave the loopback
 *   device, so they are relayed.
 * - `sources` hides containers behind the host towards the outside, behind a certain address of it where a network has one, and makes answers come back through the host when
 *   client and server are on the same bridge, or when the client used 127.0.0.1.
 * - `inward` keeps internal networks from ports that the daemon relays into other networks; `forwarding` does so for the
 *   translated ones.
 * - `redirects` keeps the host from telling a container that a sibling is on its own network: what siblings of a network
 *   whose containers are kept apart may say goes through the host.
 * - `forwarding` lets containers out, except from internal networks; towards containers only answers, published ports,
 *   and siblings on one bridge. An unpublished port, or one published on another address, is not reachable by a route to
 *   the bridge's subnet, nor is one network from another.
 */
export function renderRuleset(input: RulesetInput): string {
  const { table } = input;
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
${Object.entries(sets)
  .map(([name, definition]) => renderSet(name, definition, input.elements))
  .join('\n')}

  chain early {
    type filter hook prerouting priority raw; policy accept;
    iifname @bridges ip daddr 127.0.0.0/8 drop
    iifname @bridges ip saddr 127.0.0.0/8 drop
  }
  chain incoming {
    type nat hook prerouting priority dstnat; policy accept;
    ${input.gate ? `iifname != @bridges iifname != ${quote(input.gate.far)} return` : ''}
    ip daddr != 127.0.0.0/8 fib daddr type local jump translate
    ip6 daddr != ::1 fib daddr type local jump translate6
  }
  chain outgoing {
    type nat hook output priority -100; policy accept;
    meta nfproto ipv4 fib daddr type local jump translate
    ip6 daddr != ::1 fib daddr type local jump translate6
  }
  chain translate {
    dnat ip to ip daddr . meta l4proto . th dport map @published
    dnat ip to meta l4proto . th dport map @published_anywhere
  }
  chain translate6 {
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @published6
    dnat ip6 to meta l4proto . th dport map @published6_anywhere
  }
  chain sources {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    oifname . ip saddr @insiders ct status dnat masquerade
    oifname . ip6 saddr @insiders6 ct status dnat masquerade
    oifname != @bridges snat ip to iifname map @sources
    oifname != @bridges snat ip6 to iifname map @sources6
    iifname @masqueraded oifname != @bridges masquerade
  }
  chain inward {
    type filter hook input priority filter; policy accept;
    iifname @confined ip6 daddr . meta l4proto . th dport @relayed6 drop
    iifname @confined meta nfproto ipv6 meta l4proto . th dport @relayed6_anywhere drop
  }
  chain redirects {
    type filter hook output priority filter; policy accept;
    oifname @bridges icmp type redirect drop
  }
  chain forwarding {
    type filter hook forward priority filter; policy accept;
    iifname . oifname @siblings accept
    iifname @confined drop
    oifname @confined drop
    oifname @bridges jump towards_containers
    ${input.dropStrangers.length > 0 ? 'jump strangers' : ''}
  }
  chain towards_containers {
    ct state established,related accept
    ct status dnat accept
    iifname . ip saddr . ip daddr . meta l4proto . th dport @links accept
    drop
  }
  ${input.dropStrangers.length > 0 ? strangers(input.dropStrangers, input.otherBridges) : ''}
}
${renderGate(input, 'ip')}${renderGate(input, 'ip6')}`;
}

/**
 * Published ports that obey the host's firewall (moby#22054). Translation comes before the input chains, where hosts say
 * which ports are open, and translated packets never see them. So the first packet of a connection from outside is not
 * translated when it comes in. It goes to the input chains as if it were for the host. What they let through reaches the
 * chain here, which sends it round once more, through a pair of interfaces; coming out of there it is translated. All
 * further packets of the connection are translated by connection tracking, as ever. No process takes part, and the
 * container sees the client's address.
 */
function renderGate({ table, gate, elements }: RulesetInput, family: 'ip' | 'ip6'): string {
  const name = gateTable(table);
  const anew = `add table ${family} ${name}\ndelete table ${family} ${name}\n`;
  if (gate === undefined) return anew;
  const own = Object.entries(gateSets).filter(([, set]) => set.family === family);
  const [addressed, anywhere] = own.map(([set]) => set);
  // Any address that is on the other side: interfaces without ARP ask for none.
  const again = `dup to ${family === 'ip' ? '192.0.0.9' : 'fe80::9'} device ${quote(gate.near)} drop`;
  return `${anew}table ${family} ${name} {
${own.map(([set, { definition }]) => renderSet(set, definition, elements)).join('\n')}

  chain admitted {
    type filter hook input priority 200; policy accept;
    iifname { "lo", ${quote(gate.far)} } return
    ${family} daddr . meta l4proto . th dport @${addressed} ${again}
    meta l4proto . th dport @${anywhere} ${again}
  }
}
`;
}

/** `set { typeof iifname; }` becomes `set bridges { typeof iifname; elements = { … } }`. */
function renderSet(name: string, definition: string, elements: readonly Element[]): string {
  const own = elements.filter((element) => element.set === name).map(textOfElement);
  const content = own.length === 0 ? '' : `elements = { ${own.join(', ')} }`;
  return `  ${definition.replace('{', `${name} {`).replace(/}$/, `${content} }`)}`;
}

/**
 * Frames that a bridge passes between its own ports come by here as well when bridge-nf-call-iptables is 1, with the
 * bridge as both interfaces. They are not routed and must stay untouched, but nft cannot compare two interfaces; so
 * packets from bridge to bridge are left alone, except between different bridges that are known by name.
 */
function strangers(families: readonly Family[], bridges: readonly string[]): string {
  const protocols = `meta nfproto { ${families.map((family) => `ipv${family}`).join(', ')} }`;
  const filtered = bridges.filter((name) => !isOfOtherProgram(name)).slice(0, maximumPairedBridges);
  const pairs = filtered.flatMap((from) =>
    filtered.filter((to) => to !== from).map((to) => `${quote(from)} . ${quote(to)}`),
  );
  return `chain strangers {
    iifgroup ${bridgeGroup} return
    oifgroup ${bridgeGroup} return
    ${pairs.length === 0 ? '' : `${protocols} iifname . oifname { ${pairs.join(', ')} } drop`}
    meta iifkind "bridge" meta oifkind "bridge" return
    iifname { ${otherPrograms.map(quote).join(', ')} } return
    oifname { ${otherPrograms.map(quote).join(', ')} } return
    ${protocols} drop
  }`;
}

function isOfOtherProgram(name: string): boolean {
  return otherPrograms.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function quote(name: string): string {
  return `"${name}"`;
}
