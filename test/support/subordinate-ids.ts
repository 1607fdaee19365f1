import fs from 'node:fs';

export interface SubordinateIds extends Disposable {
  /** For `--userns-remap`. */
  user: string;
  /** Of two ranges that follow each other inside. */
  first: number;
  second: number;
}

const files = ['/etc/subuid', '/etc/subgid'];

/** Gives a number that is no user's two ranges of 65536 and of 10 ids in the host's files, until disposed. */
export function giveSubordinateIds(): SubordinateIds {
  const user = String(4_000_000 + process.pid);
  const first = 1_000_000_000 + process.pid * 100_000;
  const second = first + 80_000;
  for (const file of files) fs.appendFileSync(file, `${user}:${first}:65536\n${user}:${second}:10\n`);
  return {
    user,
    first,
    second,
    [Symbol.dispose]() {
      for (const file of files) {
        const lines = fs.readFileSync(file, 'utf8').split('\n');
        fs.writeFileSync(file, lines.filter((line) => !line.startsWith(`${user}:`)).join('\n'));
      }
    },
  };
}
