import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { tryLockFile } from '#sys/file-lock.ts';

/** Of the whole machine, wherever daemons have their files. Nobody but root writes here. */
const directory = '/run';

/**
 * Claims the names by which a daemon knows its things in the kernel: two daemons would each take the other's bridges and rules for
 * left-overs of its own. The claim ends with this process at the latest.
 * @throws Conflict naming the daemon that has one of them
 */
export function claimNames(names: { bridge: string; table: string }): Disposable {
  // Names are those of one network namespace, and so are claims.
  const namespace = fs.statSync('/proc/thread-self/ns/net').ino;
  using claims = new DisposableStack();
  for (const [kind, name, remedy] of [
    ['bridge', names.bridge, '--bridge'],
    ['table', names.table, '--nft-table'],
  ] as const) {
    const file = path.join(directory, `dhow-${kind}-${name}-${namespace}.lock`);
    const claim = tryLockFile(file, 'removed');
    if (claim === undefined) {
      const holder = fs.readFileSync(file, 'utf8').trim();
      throw new DhowError(
        'Conflict',
        `the ${kind} ${name} is in use by another daemon (pid ${holder}): stop it first, or give this one another ${remedy}`,
      );
    }
    claims.use(claim);
  }
  return claims.move();
}
