import { isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';
import { contains, isLoopbackAddress, parseNetwork } from '#registry/hosts/addresses.ts';
import type { ProxyOptions } from '#registry/registry.ts';

/**
 * Which proxy a request goes through, in the variables that Node's agents read; undefined: none.
 * @throws Unsupported for a proxy that is not asked by HTTP
 */
export type ProxyFor = (url: URL) => NodeJS.ProcessEnv | undefined;

/** The meaning is that of Go's programs (golang.org/x/net/http/httpproxy), so that what was set for Docker holds here. */
export function createProxyFor(proxy: ProxyOptions): ProxyFor {
  const isExempt = createExemptions(proxy.noProxy ?? '');
  return (url) => {
    const address = url.protocol === 'http:' ? proxy.httpProxy : proxy.httpsProxy;
    if (!address || isExempt(url)) return undefined;
    const proxyUrl = usableUrl(address);
    return { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
  };
}

function usableUrl(address: string): string {
  const whole = address.includes('://') ? address : `http://${address}`;
  const scheme = URL.canParse(whole) ? new URL(whole).protocol : undefined;
  if (scheme === 'http:' || scheme === 'https:') return whole;
  // The address may have a password in it.
  throw new DhowError(
    'Unsupported',
    `the proxy of the daemon's environment is ${scheme ?? 'no address'}: only http and https will do`,
  );
}

interface Exemption {
  matches(host: string): boolean;
  /** Any if absent. */
  port: string | undefined;
}

/** Loopback is never sent through a proxy. */
function createExemptions(noProxy: string): (url: URL) => boolean {
  const exemptions = noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry) => parseExemption(entry) ?? []);
  return ({ hostname, port, protocol }) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    if (host === 'localhost' || isLoopbackAddress(host)) return true;
    const actualPort = port || (protocol === 'http:' ? '80' : '443');
    return exemptions.some(
      (exemption) => (exemption.port ?? actualPort) === actualPort && exemption.matches(host),
    );
  };
}

/** `*`, a network, or a host or domain with or without a port. @returns undefined for what Go leaves out, too */
function parseExemption(entry: string): Exemption | undefined {
  if (entry === '*') return { matches: () => true, port: undefined };
  if (entry.includes('/')) {
    const network = parseNetwork(entry);
    return network && { matches: (host) => contains(network, host), port: undefined };
  }
  const withPort = isIP(entry) === 6 ? null : /^(.*):(\d+)$/.exec(entry);
  const name = (withPort?.[1] ?? entry).replace(/^\[(.*)\]$/, '$1');
  const port = withPort?.[2];
  const address = parseNetwork(`${name}/${isIP(name) === 4 ? 32 : 128}`);
  if (address) return { matches: (host) => contains(address, host), port };
  if (name.replace(/^\*?\./, '') === '') return undefined;
  // `example.com` is the host and all below it, `.example.com` and `*.example.com` only what is below.
  const suffix = name.startsWith('*.') ? name.slice(1) : name.startsWith('.') ? name : `.${name}`;
  return { matches: (host) => host.endsWith(suffix) || host === name, port };
}
