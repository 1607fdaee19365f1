const hubNames = new Set([
  '',
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/** The registry that a user named for a login, as in references: a host with a port if need be, `docker.io` for Docker Hub. */
export function registryOfAddress(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
  return hubNames.has(host) ? 'docker.io' : host;
}

/** Docker Hub as the API and messages name it. */
export const hubAddress = 'https://index.docker.io/v1/';
