import { DhowError } from '#errors/error.ts';

/** The command line cannot be understood. The message is followed by the command's usage, and the CLI exits with `exitCode`. */
export class UsageError extends DhowError {
  readonly exitCode: number;

  /** @param exitCode 125 for an option, as Docker's CLI; 1 for a wrong number of operands or an unknown command */
  constructor(message: string, exitCode: number) {
    super('InvalidParameter', message);
    this.exitCode = exitCode;
  }
}
