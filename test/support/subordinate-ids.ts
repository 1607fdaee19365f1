import fs from 'node:fs';
import { tryLockFile } from '#sys/file-lock.ts';
import { waitFor } from './wait-for.ts';

export interface SubordinateIds extends AsyncDisposable {
  /** For `--userns-remap`. */
  user: string;
  /** Of two ranges that follow each other inside. */
  first: number;
  second: number;
}

const files = ['/etc/subuid', '/etc/subgid'];

/** Gives a number that is no user's two ranges of 65536 and of 10 ids in the host's files, until disposed. */
export async function giveSubordinateIds(): Promise<SubordinateIds> {
  const user = String(4_000_000 + process.pid);
  // Ids end at 2³² − 2, and process ids at 2²².
  const first = 1_000_000_000 + (process.pid % 30_000) * 100_000;
  const second = first + 80_000;
  await changeFiles((text) => `${text}${user}:${first}:65536\n${user}:${second}:10\n`);
  return {
    user,
    first,
    second,
    [Symbol.asyncDispose]: () =>
      changeFiles((text) =>
        text
          .split('\n')
          .filter((line) => !line.startsWith(`${user}:`))
          .join('\n'),
      ),
  };
}

/** One test file at a time; and daemons, which read them meanwhile, see all or nothing of a change. */
async function changeFiles(change: (text: string) => string): Promise<void> {
  const lockFile = '/run/dhow-test-subordinate-ids.lock';
  using _lock = await waitFor('the lock of /etc/subuid', () => tryLockFile(lockFile, 'removed'));
  for (const file of files) {
    const made = `${file}.dhow-test`;
    fs.writeFileSync(made, change(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''), { mode: 0o644 });
    fs.renameSync(made, file);
  }
}
