import { lookup } from 'node:dns/promises';
import { readdir, readFile, stat } from 'node:fs/promises';
import { type BlockList, isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { DhowError } from '#errors/error.ts';
import { contains, isLoopbackAddress, parseNetwork } from '#registry/hosts/addresses.ts';

/** How far a host is trusted, and what it must show. Hosts are written as in a URL: `h`, `h:5000`, `[::1]:5000`. */
export interface Trust {
  /** Whether plain HTTP and unverified TLS will do. */
  isInsecure(host: string): Promise<boolean>;
  /** @throws InvalidParameter for a certificate folder that cannot be used */
  tlsFor(host: string): Promise<TlsSettings>;
}

export interface TlsSettings {
  secureContext: SecureContext;
  rejectUnauthorized: boolean;
}

export interface TrustOptions {
  insecureRegistries: readonly string[];
  certificatesDirectory: string | undefined;
}

/** @throws InvalidParameter for a malformed CIDR */
export function createTrust(options: TrustOptions): Trust {
  const names = new Set(options.insecureRegistries.filter((entry) => !entry.includes('/')).map(lower));
  const ranges = options.insecureRegistries.filter((entry) => entry.includes('/')).map(parseRange);
  const byRange = new Map<string, Promise<boolean>>();
  const settings = new Map<string, Promise<TlsSettings>>();
  let common: SecureContext | undefined;

  async function isInRange(name: string): Promise<boolean> {
    if (ranges.length === 0) return false;
    const addresses = isIP(name) ? [{ address: name }] : await lookup(name, { all: true }).catch(() => []);
    return (
      addresses.length > 0 &&
      addresses.every(({ address }) => ranges.some((range) => contains(range, address)))
    );
  }

  async function isInsecure(host: string): Promise<boolean> {
    const name = hostName(host);
    if (names.has(lower(host)) || isLoopbackName(name) || isLoopbackAddress(name)) return true;
    return await remember(byRange, name, () => isInRange(name));
  }

  return {
    isInsecure,
    async tlsFor(host) {
      const folder = folderOf(host, options.certificatesDirectory);
      // What an operator puts there counts from the next connection on.
      const state = folder === undefined ? '' : await stateOf(folder);
      return remember(settings, `${host} ${state}`, async () => {
        const rejectUnauthorized = !(await isInsecure(host));
        const { ca, cert, key } = await certificatesIn(folder);
        const client = cert.length === 0 ? {} : { cert, key };
        if (!rejectUnauthorized) return { rejectUnauthorized, secureContext: createSecureContext(client) };
        if (ca.length === 0 && cert.length === 0) {
          common ??= createSecureContext({ ca: commonAuthorities() });
          return { rejectUnauthorized, secureContext: common };
        }
        const secureContext = createSecureContext({ ca: [...commonAuthorities(), ...ca], ...client });
        return { rejectUnauthorized, secureContext };
      });
    },
  };
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** The host without port and brackets. */
function hostName(host: string): string {
  const match = /^\[([^\]]*)\](?::\d*)?$/.exec(host);
  return lower(match?.[1] ?? host.replace(/:\d*$/, ''));
}

interface HostCertificates {
  ca: string[];
  cert: Buffer[];
  key: Buffer[];
}

function folderOf(host: string, directory: string | undefined): string | undefined {
  // The host may come from a redirect; it must stay the name of a folder.
  const isName = /^[[a-z0-9]/i.test(host) && !host.includes('/');
  return directory !== undefined && isName ? join(directory, host) : undefined;
}

/** Text that differs when a file was put into the folder, changed or taken away. */
async function stateOf(folder: string): Promise<string> {
  const entries = await readdir(folder).catch(() => []);
  const states = entries.toSorted().map(async (entry) => {
    const status = await stat(join(folder, entry)).catch(() => undefined);
    return `${entry} ${status?.mtimeMs} ${status?.size}`;
  });
  return (await Promise.all(states)).join('\n');
}

async function certificatesIn(folder: string | undefined): Promise<HostCertificates> {
  const found: HostCertificates = { ca: [], cert: [], key: [] };
  if (folder === undefined) return found;
  const read = async (file: string): Promise<Buffer> => {
    try {
      return await readFile(join(folder, file));
    } catch (cause) {
      throw new DhowError('InvalidParameter', `certificate ${join(folder, file)} cannot be read`, { cause });
    }
  };
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.toSorted()) {
    if (entry.endsWith('.crt')) found.ca.push((await read(entry)).toString());
    if (!entry.endsWith('.cert')) continue;
    found.cert.push(await read(entry));
    found.key.push(await read(`${entry.slice(0, -'.cert'.length)}.key`));
  }
  return found;
}

/**
 * Node trusts its own list only; an operator expects the one of the system to count, as for any Go program. Reading that
 * and building the store takes some 80 ms, so that it is done when the first certificate is to be verified.
 */
function commonAuthorities(): string[] {
  return [...new Set([...getCACertificates('bundled'), ...getCACertificates('system')])];
}

/** Failures are not remembered: what was wrong may have been put right. */
function remember<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  find: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= 1000) known.clear();
  const promise = find();
  known.set(key, promise);
  promise.catch(() => known.delete(key));
  return promise;
}

function parseRange(range: string): BlockList {
  const network = parseNetwork(range);
  if (network !== undefined) return network;
  throw new DhowError('InvalidParameter', `insecure registry "${range}" is neither a host nor a CIDR`);
}

function lower(text: string): string {
  return text.toLowerCase();
}
