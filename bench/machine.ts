import fs from 'node:fs';
import os from 'node:os';

/** What a reader of the numbers must know of the machine. */
export function describeMachine(): string {
  const model = os.cpus()[0]?.model ?? 'unknown processor';
  const gibibytes = (os.totalmem() / 2 ** 30).toFixed(0);
  const debian = readText('/etc/debian_version');
  return `${os.cpus().length} × ${model}, ${gibibytes} GiB, Linux ${os.release()}${debian === '' ? '' : `, Debian ${debian}`}`;
}

/** The load averages over 1, 5 and 15 minutes: numbers of a busy machine are to be read with care. */
export function describeLoad(): string {
  return os
    .loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
