import { DhowError } from '#errors/error.ts';
import type { Reference } from '#image/reference.ts';
import type { RegistryOptions } from '#registry/registry.ts';

/** A server that may have what a reference names. */
export interface Endpoint {
  /** As in a URL, with a port unless it is the scheme's own. */
  host: string;
  /** What comes before `/v2/`, such as `/mirror`; mostly empty. */
  prefix: string;
  /** Fixed by the operator; undefined: HTTPS, and plain HTTP where the host may be spoken to insecurely. */
  scheme: 'http' | 'https' | undefined;
  isMirror: boolean;
}

const dockerHub = 'docker.io';
const dockerHubServer = 'registry-1.docker.io';
const dockerHubNames = [
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  '',
];

/** Mirrors in their order, then the registry itself. */
export type EndpointsOf = (reference: Pick<Reference, 'registry'>) => Endpoint[];

/** @throws InvalidParameter for a malformed mirror */
export function createEndpoints(options: Pick<RegistryOptions, 'mirrors' | 'registryMirrors'>): EndpointsOf {
  const mirrors = new Map<string, Endpoint[]>([[dockerHub, options.mirrors.map(mirrorEndpoint)]]);
  for (const [registry, urls] of Object.entries(options.registryMirrors ?? {})) {
    mirrors.set(registry, [...(mirrors.get(registry) ?? []), ...urls.map(mirrorEndpoint)]);
  }
  return ({ registry }) => [...(mirrors.get(registry) ?? []), registryEndpoint(registry)];
}

export function registryEndpoint(registry: string): Endpoint {
  const host = registry === dockerHub ? dockerHubServer : registry;
  return { host, prefix: '', scheme: undefined, isMirror: false };
}

/**
 * The endpoint for an address as Docker's clients name it: a host, a URL (whose scheme and path say nothing), or one of
 * the names of Docker Hub.
 *
 * @throws InvalidParameter
 */
export function addressedEndpoint(address: string): Endpoint {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
  if (dockerHubNames.includes(host)) return registryEndpoint(dockerHub);
  const url = URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : undefined;
  if (!url || url.username || url.password || url.pathname !== '/') {
    throw new DhowError(
      'InvalidParameter',
      `invalid registry address ${JSON.stringify(host.slice(0, 255))}: expected host or host:port`,
    );
  }
  return registryEndpoint(host);
}

function mirrorEndpoint(address: string): Endpoint {
  const text = address.includes('://') ? address : `https://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol === 'http:' ? 'http' : url?.protocol === 'https:' ? 'https' : undefined;
  if (!url || !scheme || url.username || url.password || url.search || url.hash) {
    throw new DhowError(
      'InvalidParameter',
      'invalid registry mirror: expected a URL such as https://mirror.example.com without user, query and fragment',
    );
  }
  return {
    host: url.host,
    prefix: url.pathname.replace(/\/+$/, ''),
    scheme: address.includes('://') ? scheme : undefined,
    isMirror: true,
  };
}
