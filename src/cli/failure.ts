import type { Output } from '#cli/context.ts';
import { UsageError } from '#cli/usage-error.ts';
import { DaemonError } from '#client/daemon-error.ts';
import { type DhowError, findDhowError, messageOf } from '#errors/error.ts';

export interface FailureSettings {
  /** As typed, such as `run`; undefined before a command was found. */
  readonly commandName: string | undefined;
  /** `Command.failureCode`. */
  readonly failureCode: number | undefined;
  /** `Command.startsProcess`. */
  readonly startsProcess: boolean | undefined;
  readonly usage: string | undefined;
  readonly debug: boolean;
}

/** Prints what went wrong as Docker's CLI would and returns the exit code for it. */
export function reportFailure(stderr: Output, error: unknown, settings: FailureSettings): number {
  const { commandName, usage, debug } = settings;
  const known = findDhowError(error);
  if (debug && error instanceof Error) stderr.write(`${error.stack ?? error.message}\n`);
  if (known instanceof UsageError) {
    const command = commandName === undefined ? 'dhow' : `dhow ${commandName}`;
    const intro = known.exitCode === 125 ? '' : 'dhow: ';
    const shown = usage === undefined ? '' : `${usage}\n\n`;
    stderr.write(`${intro}${known.message}\n\n${shown}Run '${command} --help' for more information\n`);
    return known.exitCode;
  }
  if (known === undefined) {
    stderr.write(`dhow: this is a bug of Dhow: ${messageOf(error)}\n`);
    if (!debug && error instanceof Error) stderr.write(`${error.stack ?? ''}\n`);
    return settings.failureCode ?? 1;
  }
  const failureCode = settings.startsProcess
    ? (executableCode(known) ?? settings.failureCode)
    : settings.failureCode;
  const message =
    known instanceof DaemonError ? `Error response from daemon: ${known.message}` : known.message;
  if (known.kind === 'Unsupported' && !(known instanceof DaemonError)) {
    stderr.write(`dhow: ${message}\n`);
    return 125;
  }
  if (settings.failureCode === undefined) {
    stderr.write(`${message}\n`);
    return failureCode ?? 1;
  }
  stderr.write(`dhow: ${message}\n\nRun 'dhow ${commandName} --help' for more information\n`);
  return failureCode ?? 1;
}

/** 127: the program is not there. 126: it cannot be executed. As shells say it. */
function executableCode(error: DhowError): number | undefined {
  if (error.reason === 'executable-not-found') return 127;
  return error.reason === 'executable-not-runnable' ? 126 : undefined;
}
