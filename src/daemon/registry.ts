import { buildFacts } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import { createRegistryClient } from '#registry/client.ts';
import type { ProxyOptions, RegistryClient, RegistryOptions } from '#registry/registry.ts';

/** The client of registries by the present configuration. */
export interface ConfiguredRegistry extends RegistryClient, Disposable {
  /** Another client, which believes one more host. The caller disposes it. */
  connectInsecurely(host: string): RegistryClient & Disposable;
}

/** @param config is asked at each call; what is under way when it changes ends by the settings with which it began */
export function createRegistryOf(config: () => DaemonConfig): ConfiguredRegistry {
  const clients = new Map<string, RegistryClient & Disposable>();
  const options = () => registryOptions(config());

  function client(): RegistryClient {
    const wanted = options();
    const key = JSON.stringify(wanted);
    const known = clients.get(key) ?? createRegistryClient(wanted);
    clients.set(key, known);
    return known;
  }

  return {
    resolve: (...args) => client().resolve(...args),
    fetchConfig: (...args) => client().fetchConfig(...args),
    fetchBlob: (...args) => client().fetchBlob(...args),
    isMirrored: (...args) => client().isMirrored(...args),
    hasBlob: (...args) => client().hasBlob(...args),
    pushBlob: (...args) => client().pushBlob(...args),
    pushManifest: (...args) => client().pushManifest(...args),
    listTags: (...args) => client().listTags(...args),
    checkCredentials: (...args) => client().checkCredentials(...args),
    fetchManifest: (...args) => client().fetchManifest(...args),
    referrers: (...args) => client().referrers(...args),
    download: (...args) => client().download(...args),
    search: (...args) => client().search(...args),
    connectInsecurely(host) {
      const { insecureRegistries, ...others } = options();
      return createRegistryClient({ ...others, insecureRegistries: [...insecureRegistries, host] });
    },
    [Symbol.dispose]() {
      for (const used of clients.values()) used[Symbol.dispose]();
    },
  };
}

function registryOptions(config: DaemonConfig): RegistryOptions {
  return {
    insecureRegistries: config.insecureRegistries,
    mirrors: config.registryMirrors,
    registryMirrors: config.otherMirrors,
    userAgent: `dhow/${buildFacts.version}`,
    certificatesDirectory: '/etc/docker/certs.d',
    proxy: proxiesOf(process.env),
  };
}

/** The usual variables, upper case or lower. */
export function proxiesOf(env: NodeJS.ProcessEnv): ProxyOptions {
  const value = (name: string) => env[name] || env[name.toLowerCase()];
  const httpProxy = value('HTTP_PROXY');
  const httpsProxy = value('HTTPS_PROXY');
  const noProxy = value('NO_PROXY');
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  };
}
