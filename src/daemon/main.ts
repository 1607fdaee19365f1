import fs from 'node:fs';
import { daemonHelp, readConfig } from '#daemon/config.ts';
import { startDaemon } from '#daemon/daemon.ts';
import { findDhowError, kindOf, messageOf } from '#errors/error.ts';
import { daemonRunningExitCode } from '#errors/exit-codes.ts';
import { onUndoFailure } from '#errors/quietly.ts';
import { createLog } from '#log/log.ts';

/** `dhow daemon`: runs in the foreground until SIGTERM or SIGINT; a second signal ends it at once. Containers go on either way. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(daemonHelp());
    return;
  }
  const config = readConfig(argv);
  // Synchronous: a line that explains a crash must be out before the crash.
  const log = createLog((line) => fs.writeSync(2, line), config.logLevel);
  onUndoFailure((step, error) => log.warn('undo step failed', { step, error: messageOf(error) }));
  process.on('unhandledRejection', (error) => {
    log.error('unhandled rejection', { error: messageOf(error), stack: stackOf(error) });
  });

  const daemon = await startDaemon(config, log);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info('stopping', { signal });
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

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const stack = kindOf(error) === 'Internal' ? `\n${stackOf(error) ?? ''}` : '';
  process.stderr.write(`dhow daemon: ${messageOf(error)}${stack}\n`);
  process.exit(findDhowError(error)?.reason === 'daemon-running' ? daemonRunningExitCode : 1);
});
