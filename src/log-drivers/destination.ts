/** A line of output, or a piece of a very long one. */
export interface LogRecord {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, in UTC. */
  timestamp: string;
  /** Without the newline. */
  message: Uint8Array;
  /** Only of a line that comes in pieces. */
  piece?: { id: string; ordinal: number; isLast: boolean };
}

/** Where records go besides the log's files. */
export interface LogDestination {
  /**
   * Resolves when the record is out of this process: the kernel has it.
   * @throws any error when it does not; the record has to be sent again then, by way of another connection
   */
  send(record: LogRecord): Promise<void>;
  /** What was sent still arrives. A `send` that waits is ended with an error. */
  close(): void;
}
