import { isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';

/**
 * The text of a container's /etc/hosts, /etc/hostname and /etc/resolv.conf. Pure: the caller reads the host's files
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
  /** Whether the sandbox has ::1; adds Docker's IPv6 lines. */
  ipv6Loopback?: boolean;
}

export interface ResolvConfInput {
  /** The container has a resolver of its own, which asks the name servers. */
  ownResolver?: boolean;
  /** Name servers to use instead of the host's. */
  dns?: readonly string[];
  /** Search domains to use instead of the host's; a single "." means none at all. */
  search?: readonly string[];
  /** Options to use instead of the host's. */
  options?: readonly string[];
}

const ipv4Lines = ['127.0.0.1\tlocalhost'];
const ipv6Lines = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** Where a container finds its resolver; Docker's address, which images and scripts know. */
export const resolverAddress = '127.0.0.11';

/** Docker's last resort when the host has no name server that a container could reach. */
const publicNameServers = ['8.8.8.8', '8.8.4.4'];

/** resolv.conf(5) knows no larger files; more of a stranger's text is not taken over. */
const maximumHostTextLength = 64 * 1024;
const hostNamePattern = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$/;
const optionPattern = /^[a-zA-Z0-9_:.-]{1,64}$/;

/** @throws InvalidParameter naming the wrong name or address */
export function renderHosts(input: HostsInput): string {
  const lines =
    input.base === undefined
      ? [...ipv4Lines, ...(input.ipv6Loopback === false ? [] : ipv6Lines)]
      : [input.base.slice(0, maximumHostTextLength).trimEnd()];
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

/**
 * The host's resolver configuration with the container's wishes. Loopback name servers are left out, because the
 * container's loopback is another one; so are IPv6 ones, because containers have IPv4 only.
 * @param hostText see `readHostResolvConf`
 * @throws InvalidParameter naming the wrong name server, domain or option
 */
export function renderResolvConf(hostText: string, input: ResolvConfInput = {}): string {
  const host = parseResolvConf(hostText);
  const reachable = host.nameServers.filter((server) => isIP(server) === 4 && !server.startsWith('127.'));
  const wished = (input.dns ?? []).map((server) => checkAddress(server, 'DNS server'));
  const found = reachable.length > 0 ? reachable : publicNameServers;
  const servers = wished.length > 0 ? wished : found;
  const search = input.search?.length ? input.search.map(checkSearchDomain) : host.search;
  const options = input.options?.length ? input.options.map(checkOption) : host.options;
  const lines = (input.ownResolver ? [resolverAddress] : servers).map((server) => `nameserver ${server}`);
  if (search.length > 0 && !(search.length === 1 && search[0] === '.'))
    lines.push(`search ${search.join(' ')}`);
  // A name without a dot may be a container: it is asked for as it is before a search domain is tried.
  const dots = input.ownResolver && !options.some((option) => option.startsWith('ndots:')) ? ['ndots:0'] : [];
  if (options.length + dots.length > 0) lines.push(`options ${[...options, ...dots].join(' ')}`);
  return `${lines.join('\n')}\n`;
}

/** The name servers of a resolv.conf; Docker's last resort when it has none. */
export function nameServersOf(text: string): string[] {
  const servers = parseResolvConf(text).nameServers.filter((server) => isIP(server) !== 0);
  return servers.length > 0 ? servers : publicNameServers;
}

/**
 * The resolver configuration of the host that has real name servers in it: with systemd-resolved /etc/resolv.conf
 * names only a server on the host's loopback, and the real ones stand in a file of its own.
 * @param read a file's text, or undefined when it does not exist
 */
export function readHostResolvConf(read: (path: string) => string | undefined): string {
  const text = read('/etc/resolv.conf') ?? '';
  const { nameServers } = parseResolvConf(text);
  if (nameServers.length !== 1 || nameServers[0] !== '127.0.0.53') return text;
  return read('/run/systemd/resolve/resolv.conf') ?? text;
}

interface ResolvConf {
  nameServers: string[];
  search: string[];
  options: string[];
}

/** resolv.conf(5): the last `search` or `domain` line counts; options and name servers add up. */
function parseResolvConf(text: string): ResolvConf {
  const result: ResolvConf = { nameServers: [], search: [], options: [] };
  for (const line of text.slice(0, maximumHostTextLength).split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) result.nameServers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') result.search = values;
    if (keyword === 'options') result.options.push(...values);
  }
  return result;
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

function checkHostName(name: string, what: string): string {
  if (hostNamePattern.test(name)) return name;
  throw new DhowError('InvalidParameter', `invalid ${what} "${shorten(name)}"`);
}

function checkAddress(address: string, what: string): string {
  if (isIP(address) !== 0) return address;
  throw new DhowError('InvalidParameter', `invalid IP address in ${what}: "${shorten(address)}"`);
}

function checkSearchDomain(domain: string): string {
  if (domain === '.' || hostNamePattern.test(domain)) return domain;
  throw new DhowError('InvalidParameter', `${shorten(domain)} is not a valid domain`);
}

function checkOption(option: string): string {
  if (optionPattern.test(option)) return option;
  throw new DhowError('InvalidParameter', `invalid DNS option "${shorten(option)}"`);
}

function shorten(text: string): string {
  return text.slice(0, 60);
}
