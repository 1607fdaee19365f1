import { join } from 'node:path';
import type { CliContext, Input, Output } from '#cli/context.ts';
import { chosenContext } from '#cli/contexts/chosen.ts';
import { dispatch, type GlobalOptions } from '#cli/dispatch.ts';
import { chooseTransport } from '#cli/host.ts';
import { registry } from '#cli/registry.ts';
import { createProcessSignals, type ProcessSignals } from '#cli/signals.ts';
import { type Client, createClient } from '#client/client.ts';

/** Exit code of a program that SIGPIPE ends, which is what happens to others when their reader leaves. */
const brokenPipeCode = 141;

const opened = new Map<'stdout' | 'stderr', Output>();

/** Streams are opened when first written to: making one costs about a millisecond. */
function openOutput(name: 'stdout' | 'stderr'): Output {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const stream: Output = process[name];
  opened.set(name, stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(brokenPipeCode);
    if (name === 'stdout') process.stderr.write(`dhow: cannot write to standard output: ${error.message}\n`);
    process.exit(1);
  });
  return stream;
}

function flush(stream: Output): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

function createProcessContext(options: GlobalOptions, signals: ProcessSignals): CliContext {
  // Without a prototype: `--env constructor` must not find what every object has.
  const environment: NodeJS.ProcessEnv = Object.assign(Object.create(null), process.env);
  const configDirectory =
    options.config ?? environment['DOCKER_CONFIG'] ?? join(environment['HOME'] ?? '/root', '.docker');
  const contextName = chosenContext({
    given: options.context,
    hosts: options.host,
    environment,
    configDirectory,
  });
  // Chosen at once: a wrong --host is told even by a command that would not have come to use it.
  const transport = chooseTransport({
    hosts: options.host,
    contextName,
    tls: options.tls,
    tlsVerify: options.tlsverify,
    certificates: { ca: options.tlscacert, cert: options.tlscert, key: options.tlskey },
    environment,
    configDirectory,
  });
  const apiVersion = environment['DOCKER_API_VERSION'];
  let client: Client | undefined;
  return {
    get client() {
      client ??= createClient({ transport, ...(apiVersion ? { apiVersion } : {}) });
      return client;
    },
    get stdin(): Input {
      return process.stdin;
    },
    get stdout() {
      return openOutput('stdout');
    },
    get stderr() {
      return openOutput('stderr');
    },
    environment,
    contextName,
    workingDirectory: process.cwd(),
    configDirectory,
    get signal() {
      return signals.aborted;
    },
    signals,
  };
}

async function main(words: readonly string[]): Promise<number> {
  const signals = createProcessSignals();
  const dispatched = dispatch(
    {
      registry,
      get stdout() {
        return openOutput('stdout');
      },
      get stderr() {
        return openOutput('stderr');
      },
      createContext: (options) => createProcessContext(options, signals),
    },
    words,
  );
  const code = await Promise.race([dispatched, signals.ended]);
  await Promise.all([...opened.values()].map(flush));
  return code;
}

// Not awaited at the top level: a bundle of CommonJS starts faster and cannot.
main(process.argv.slice(2)).then(
  // What is still open (idle connections, a stdin that nobody reads) must not keep the CLI alive.
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`dhow: this is a bug of Dhow: ${error instanceof Error ? error.stack : error}\n`);
    process.exit(125);
  },
);
