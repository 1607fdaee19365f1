/** One piece of output as conmon logged it. A line longer than conmon's buffer comes in several entries. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, as written by conmon. */
  timestamp: string;
  /** Includes the final newline unless `partial`. */
  bytes: Uint8Array;
  /** The line goes on in the next entry of the same stream. */
  partial: boolean;
}

export interface LogQuery {
  stdout: boolean;
  stderr: boolean;
  /** Seconds since the epoch with fraction. */
  since?: number;
  until?: number;
  /** Number of last lines; undefined is all. */
  tail?: number;
  follow: boolean;
}
