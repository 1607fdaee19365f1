/** One line of the daemon's log: an event name that is a constant of the program, and plain fields. */
export type LogFields = Record<string, string | number | boolean | undefined>;

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Structured log. User-controlled text goes into fields, never into the event name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Writes `time=… level=… event="…" key=value` lines (logfmt), as Docker's daemon does. */
export function createLog(write: (line: string) => void, level: LogLevel): Log {
  const threshold = logLevels.indexOf(level);
  function at(lineLevel: LogLevel): (event: string, fields?: LogFields) => void {
    if (logLevels.indexOf(lineLevel) < threshold) return () => {};
    return (event, fields = {}) => {
      let line = `time=${new Date().toISOString()} level=${lineLevel} event=${quote(event)}`;
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) line += ` ${key}=${quote(String(value))}`;
      }
      write(`${line}\n`);
    };
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log that keeps nothing, for embedding and tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function quote(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
