import { DhowError } from '#errors/error.ts';
import { checkAddress, checkHostName, maximumHostTextLength, shorten } from '#network/host-text/checks.ts';

/**
 * The text of a container's /etc/hosts and /etc/hostname. Pure: the caller reads the host's files
 * and writes the result. Everything that ends up on a line is checked here, so that no wish can add lines of its own.
 */
export interface HostsInput {
  /** Text to begin with instead of the standard lines: the host's own file, for network mode host. */
  base?: string;
  hostname: string;
  domainname?: string;
  /** The container's addresses; none without an interface (networks none and host). */
  addresses?: readonly string[];
  /** `name:address`; the address may be IPv6, also in brackets, or `host-gateway`. */
  extraHosts?: readonly string[];
  /** What `host-gateway` stands for: the addresses of the host on the container's networks. */
  hostGateways?: readonly string[];
  /** Linked containers. */
  links?: readonly { names: readonly string[]; address: string }[];
}

/** Docker's. */
const standardLines = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** @throws InvalidParameter naming the wrong name or address */
export function renderHosts(input: HostsInput): string {
  const lines =
    input.base === undefined ? [...standardLines] : [input.base.slice(0, maximumHostTextLength).trimEnd()];
  for (const extra of input.extraHosts ?? []) lines.push(...extraHostLines(extra, input.hostGateways ?? []));
  for (const link of input.links ?? []) {
    lines.push(hostsLine(link, 'link'));
  }
  for (const address of input.addresses ?? []) {
    lines.push(`${checkAddress(address, 'container')}\t${ownNames(input)}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * A hosts file with some of its lines changed; what the container itself has written there stays.
 * @throws InvalidParameter naming the wrong name or address
 */
export function editHosts(
  text: string,
  change: {
    remove: (address: string, names: readonly string[]) => boolean;
    add: readonly { address: string; names: readonly string[] }[];
  },
): string {
  const kept = text.split('\n').filter((line) => {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    return address === '' || !change.remove(address, names);
  });
  while (kept.at(-1) === '') kept.pop();
  return `${[...kept, ...change.add.map((entry) => hostsLine(entry, 'hosts file'))].join('\n')}\n`;
}

/** @throws InvalidParameter */
export function renderHostname(hostname: string): string {
  return `${checkHostName(hostname, 'hostname')}\n`;
}

function hostsLine({ address, names }: { address: string; names: readonly string[] }, what: string): string {
  return `${checkAddress(address, what)}\t${names.map((name) => checkHostName(name, what)).join(' ')}`;
}

/** The names on the lines of a container's own addresses. */
export function ownNames(input: Pick<HostsInput, 'hostname' | 'domainname'>): string {
  const hostname = checkHostName(input.hostname, 'hostname');
  if (input.domainname) return `${hostname}.${checkHostName(input.domainname, 'domainname')} ${hostname}`;
  // A hostname given with its domain is also known by its first label.
  const label = hostname.split('.')[0] ?? hostname;
  return label === hostname || label === '' ? hostname : `${hostname} ${label}`;
}

function extraHostLines(extra: string, hostGateways: readonly string[]): string[] {
  const colon = extra.indexOf(':');
  if (colon < 1) {
    throw new DhowError('InvalidParameter', `bad format for add-host: "${shorten(extra)}"; use name:address`);
  }
  const name = checkHostName(extra.slice(0, colon), 'add-host name');
  const address = extra.slice(colon + 1).replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway') return [`${checkAddress(address, 'add-host')}\t${name}`];
  if (hostGateways.length > 0) {
    return hostGateways.map((gateway) => `${checkAddress(gateway, 'add-host')}\t${name}`);
  }
  throw new DhowError(
    'InvalidParameter',
    `unable to derive the IP value for host-gateway: the container is on no bridge network`,
  );
}
