import { isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';
import { isLinkLocal, parseIp } from '#network/addresses/ip.ts';
import { checkAddress, isHostName, maximumHostTextLength, shorten } from '#network/host-text/checks.ts';

/** The text of a container's /etc/resolv.conf. Pure, and nothing gets onto a line unchecked; see `host-files.ts`. */
export interface ResolvConfInput {
  /** The container has a resolver of its own, which asks the name servers. */
  ownResolver?: boolean;
  /** The container has the host's network: it reaches what the host reaches. */
  sharesHost?: boolean;
  /** The container has IPv6. */
  ipv6?: boolean;
  /** Name servers to use instead of the host's. */
  dns?: readonly string[];
  /** Search domains to use instead of the host's; a single "." means none at all. */
  search?: readonly string[];
  /** Options to use instead of the host's. */
  options?: readonly string[];
}

/** Where a container finds its resolver; Docker's address, which images and scripts know. */
export const resolverAddress = '127.0.0.11';

/** Docker's last resort when the host has no name server that a container could reach. */
const publicNameServers = ['8.8.8.8', '8.8.4.4'];

const optionPattern = /^[a-zA-Z0-9_:.-]{1,64}$/;

/**
 * The host's resolver configuration with the container's wishes. Name servers that the container cannot reach are left out: those on
 * loopback, which is another one for the container, and for one without IPv6 those of IPv6.
 * @param hostText the host's own file where its network is shared, else see `readHostResolvConf`
 * @throws InvalidParameter naming the wrong name server, domain or option
 */
export function renderResolvConf(hostText: string, input: ResolvConfInput = {}): string {
  const host = parseResolvConf(hostText);
  const { sharesHost = false } = input;
  const reachable = host.nameServers.filter(
    (server) => sharesHost || isReachable(server, input.ipv6 ?? false),
  );
  const wished = (input.dns ?? []).map((server) => checkAddress(server, 'DNS server'));
  // Without any the C library asks at the loopback address.
  const found = reachable.length > 0 || sharesHost ? reachable : publicNameServers;
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

function isReachable(server: string, ipv6: boolean): boolean {
  const family = isIP(server);
  return family === 4 ? !server.startsWith('127.') : family === 6 && ipv6 && !isLocal(server);
}

/** The loopback address, and those of one link, which is another one in the container. */
function isLocal(server: string): boolean {
  const address = parseIp(server.replace(/%.*$/, ''));
  return address === undefined || address.value === 1n || isLinkLocal(address);
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

function checkSearchDomain(domain: string): string {
  if (domain === '.' || isHostName(domain)) return domain;
  throw new DhowError('InvalidParameter', `${shorten(domain)} is not a valid domain`);
}

function checkOption(option: string): string {
  if (optionPattern.test(option)) return option;
  throw new DhowError('InvalidParameter', `invalid DNS option "${shorten(option)}"`);
}
