import type { Readable, Writable } from 'node:stream';
import type { Client } from '#client/client.ts';

/** Where a command writes; a terminal has `isTTY` and its size. `process.stdout` is one, and so is a PassThrough in a test. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly fd?: number;
};

/** What a command reads; `setRawMode` is there when it is a terminal. `process.stdin` is one. */
export type Input = Readable & {
  readonly isTTY?: boolean;
  readonly fd?: number;
  setRawMode?(raw: boolean): unknown;
};

/**
 * Everything that a command may touch of the world outside. The members of the real one are made on first use: a command that
 * never reads stdin does not open it, and nothing is connected before the first request.
 */
export interface CliContext {
  readonly client: Client;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** The context that names the daemon; `default` is that of `--host`, the environment or the default socket. */
  readonly contextName: string;
  /** `--config`, `$DOCKER_CONFIG` or `~/.docker`: where credentials and preferences lie. */
  readonly configDirectory: string;
  /** Aborted when the CLI is told to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT) and the command has not taken the signals over. */
  readonly signal: AbortSignal;
  /** For a command that handles signals itself, such as `run` forwarding them to its container. */
  readonly signals: Signals;
}

/** Signals that the CLI receives. While somebody listens, they no longer end the CLI. */
export interface Signals {
  /** Listens to all that can be forwarded; the result ends it. */
  listen(listener: (name: NodeJS.Signals) => void): Disposable;
  /** Calls back when the terminal's size changes. */
  onResize(listener: () => void): Disposable;
}
