import fs from 'node:fs';
import { daemonHelp, readSettings, resolveConfig } from '#daemon/config.ts';
import { startDaemon } from '#daemon/daemon.ts';
import { takePassedSockets } from '#daemon/listen/passed-sockets.ts';
import { readTlsFiles } from '#daemon/listen/tls-door.ts';
import { createReload } from '#daemon/reload.ts';
import { createServiceManager } from '#daemon/service-manager.ts';
import { findDhowError, kindOf, messageOf } from '#errors/error.ts';
import { daemonRunningExitCode } from '#errors/exit-codes.ts';
import { onUndoFailure } from '#errors/quietly.ts';
import { createLog } from '#log/log.ts';

/**
 * `dhow daemon`: runs in the foreground until SIGTERM or SIGINT; a second signal ends it at once. Containers go on either way. SIGHUP reads
 * the configuration again.
 */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(daemonHelp());
    return;
  }
  const flags = argv.filter((word) => word !== '--validate');
  const passed = takePassedSockets(process.env, process.pid);
  const usualHost = passed.length > 0 ? 'fd://' : undefined;
  const settings = readSettings(flags);
  const config = resolveConfig(settings, usualHost);
  if (flags.length < argv.length) {
    if (config.tls || config.tlsVerify) readTlsFiles(config);
    process.stdout.write('configuration OK\n');
    return;
  }
  // Synchronous: a line that explains a crash must be out before the crash.
  const log = createLog((line) => fs.writeSync(2, line), config.logLevel, config.logFormat);
  onUndoFailure((step, error) => log.warn('undo step failed', { step, error: messageOf(error) }));
  process.on('unhandledRejection', (error) => {
    log.error('unhandled rejection', { error: messageOf(error), stack: stackOf(error) });
  });
  const manager = createServiceManager({
    environment: process.env,
    pid: process.pid,
    onFailure: (error) => log.warn('service manager not told', { error }),
  });

  manager.status('Starting');
  const starting = startDaemon(config, passed, log);
  const reload = createReload({ flags, usualHost, settings, log });
  process.on('SIGHUP', () => {
    // One that comes during the start is heeded after it; a start that fails is told below.
    starting.then(
      (daemon) => {
        manager.reloading();
        reload(daemon);
        manager.ready(statusOf(daemon.hosts));
      },
      () => {},
    );
  });
  const daemon = await starting;
  manager.ready(statusOf(daemon.hosts));
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info('stopping', { signal });
      manager.stopping();
      daemon.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error('stop failed', { error: messageOf(error), stack: stackOf(error) });
          process.exit(1);
        },
      );
    });
  }
}

function statusOf(hosts: readonly string[]): string {
  return `Listening on ${hosts.join(', ')}`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const stack = kindOf(error) === 'Internal' ? `\n${stackOf(error) ?? ''}` : '';
  process.stderr.write(`dhow daemon: ${messageOf(error)}${stack}\n`);
  process.exit(findDhowError(error)?.reason === 'daemon-running' ? daemonRunningExitCode : 1);
});
