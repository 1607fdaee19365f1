import fs from 'node:fs';
import path from 'node:path';
import { type LogPosition, logBegin } from '#runtime/read-logs.ts';

/** How far each stream of a log has been sent: the place after the last line, or piece of a line, that was. */
export type SentPositions = Record<'stdout' | 'stderr', LogPosition>;

/** The same, kept in a file. What a process has written there is there for the next one, however this one ends. */
export interface LogCursor extends Disposable {
  read(): SentPositions;
  write(sent: SentPositions): void;
}

/** Longer than any four numbers, so that each text covers the whole of the one before. */
const textLength = 80;

/** @param file made when missing, with its directory */
export function openCursor(file: string): LogCursor {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  return {
    read() {
      const [, ...texts] = /^(\d+) (\d+) (\d+) (\d+) *$/m.exec(fs.readFileSync(file, 'latin1')) ?? [];
      const [outNumber, outOffset, errNumber, errOffset] = texts.map(Number);
      if (
        outNumber === undefined ||
        outOffset === undefined ||
        errNumber === undefined ||
        errOffset === undefined
      ) {
        return { stdout: logBegin, stderr: logBegin };
      }
      return {
        stdout: { number: outNumber, offset: outOffset },
        stderr: { number: errNumber, offset: errOffset },
      };
    },
    write({ stdout, stderr }) {
      const text = `${stdout.number} ${stdout.offset} ${stderr.number} ${stderr.offset}`;
      fs.writeSync(fd, `${text.padEnd(textLength)}\n`, 0, 'latin1');
    },
    [Symbol.dispose]: () => fs.closeSync(fd),
  };
}

export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.number === b.number ? a.offset < b.offset : a.number < b.number;
}
