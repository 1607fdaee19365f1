import type { Cli, CliName } from './cli.ts';

/** A daemon of one's own that answers Docker's API, Dhow or dockerd. Disposing removes it and everything it made. */
export interface Engine extends AsyncDisposable {
  readonly kind: 'dhow' | 'dockerd';
  readonly socket: string;
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  /** A directory for the test's own files; removed with the engine. */
  readonly directory: string;
  /** Process id of the running daemon. */
  readonly pid: number;
  cli(name: CliName): Cli;
  /** What the daemon has logged. */
  log(): string;
}
