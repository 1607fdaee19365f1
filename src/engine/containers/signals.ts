import os from 'node:os';
import { DhowError } from '#errors/error.ts';

const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** `9`, `KILL`, `SIGKILL`, `SIGRTMIN+3`: the signal's number. @throws InvalidParameter in Docker's words */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= SIGRTMAX) return number;
  }
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const standard = Object.entries(os.constants.signals).find(([known]) => known === name);
  if (standard) return standard[1];
  const realTime = /^SIGRTM(IN|AX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = (realTime[1] === 'IN' ? SIGRTMIN : SIGRTMAX) + offset;
    if (number >= SIGRTMIN && number <= SIGRTMAX) return number;
  }
  throw new DhowError('InvalidParameter', `invalid signal: ${text.slice(0, 60)}`);
}
