import { readFileSync } from 'node:fs';
import { defaultContext, getContext, readTlsFiles } from '#cli/contexts/store.ts';
import { defaultHost, defaultSocketPath } from '#client/default-host.ts';
import { createTransport, type TlsSettings, type Transport } from '#client/transport.ts';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';

export interface HostChoice {
  /** `--host`, in the order given. */
  readonly hosts: readonly string[];
  /** See `chosenContext`. */
  readonly contextName: string;
  readonly tls: boolean;
  readonly tlsVerify: boolean;
  readonly certificates: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly configDirectory: string;
}

/**
 * Where the daemon is: a context, `--host`, then `DHOW_HOST`, then `DOCKER_HOST`, then the default socket. Only at the default socket is a
 * daemon started when there is none: who names a host means that very daemon.
 */
export function chooseTransport(choice: HostChoice): Transport {
  const { environment, hosts } = choice;
  if (hosts.length > 1) throw new DhowError('InvalidParameter', 'specify only one -H');
  if (choice.contextName !== defaultContext) {
    if (hosts.length > 0) {
      throw new DhowError(
        'InvalidParameter',
        'conflicting options: cannot specify both --host and --context',
      );
    }
    return transportOfContext(choice.configDirectory, choice.contextName);
  }
  const host = hosts[0] || environment['DHOW_HOST'] || environment['DOCKER_HOST'];
  if (host) return createTransport(host, host.startsWith('unix:') ? undefined : readTls(choice));
  return startingTransport(environment);
}

function transportOfContext(configDirectory: string, name: string): Transport {
  const { host, skipTlsVerify } = getContext(configDirectory, name);
  if (host === defaultHost) return startingTransport({});
  const tls = readTlsFiles(configDirectory, name);
  const secured = skipTlsVerify || Object.keys(tls).length > 0;
  return createTransport(host, secured ? { verify: !skipTlsVerify, ...tls } : undefined);
}

function startingTransport(environment: HostChoice['environment']): Transport {
  const transport = createTransport(defaultHost);
  return {
    ...transport,
    async connect(signal) {
      try {
        return await transport.connect(signal);
      } catch (error) {
        if (kindOf(error) !== 'Unavailable') throw error;
        const { startDaemon } = await import('#cli/start-daemon.ts');
        await startDaemon({ socketPath: defaultSocketPath, entry: environment['DHOW_DAEMON_ENTRY'] }, signal);
        return transport.connect(signal);
      }
    },
  };
}

function readTls(choice: HostChoice): TlsSettings | undefined {
  const { environment, certificates } = choice;
  const verify = choice.tlsVerify || Boolean(environment['DOCKER_TLS_VERIFY']);
  if (!verify && !choice.tls) return undefined;
  const directory = environment['DOCKER_CERT_PATH'] || choice.configDirectory;
  const read = (given: string | undefined, name: string): string | undefined => {
    const path = given ?? `${directory}/${name}`;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (given === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new DhowError('InvalidParameter', `cannot read TLS file ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  const ca = read(certificates.ca, 'ca.pem');
  const cert = read(certificates.cert, 'cert.pem');
  const key = read(certificates.key, 'key.pem');
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
