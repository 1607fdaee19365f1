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

/** text: `time=… level=… event="…" key=value` (logfmt), as Docker's daemon writes; json: an object with these and the fields' keys. */
export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** A log of lines, whose threshold may be changed. */
export interface LevelledLog extends Log {
  setLevel(level: LogLevel): void;
}

export function createLog(
  write: (line: string) => void,
  level: LogLevel,
  format: LogFormat = 'text',
): LevelledLog {
  const toLine = format === 'json' ? JSON.stringify : formatText;
  let threshold = logLevels.indexOf(level);
  function at(lineLevel: LogLevel): (event: string, fields?: LogFields) => void {
    const rank = logLevels.indexOf(lineLevel);
    return (event, fields) => {
      if (rank < threshold) return;
      write(`${toLine({ time: new Date().toISOString(), level: lineLevel, event, ...fields })}\n`);
    };
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    setLevel(next) {
      threshold = logLevels.indexOf(next);
    },
  };
}

/** A log that keeps nothing, for embedding and tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function formatText(line: LogFields): string {
  return Object.entries(line)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quote(String(value))}`)
    .join(' ');
}

function quote(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
