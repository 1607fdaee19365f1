import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { OciRuntime } from '#runtime/detect.ts';
import { copySealed } from '#sys/sealed-file.ts';

/** The OCI runtime as it is executed. */
export interface RuntimeProgram extends Disposable {
  /** Absolute; holds while the daemon runs. */
  path(): string;
}

/**
 * crun and runc run from a copy of themselves, which no container can overwrite through /proc/self/exe (CVE-2019-5736). They make it anew
 * for every start (crun by a mount: 1.6 ms of 2.5 ms measured for `crun --version`, and its end waits up to 5 ms for RCU), unless they find
 * themselves in a sealed file already. So a sealed copy is kept here, and made again when the program has been upgraded.
 *
 * @param directory gets a link of the runtime's name, so that command lines stay readable
 */
export function createRuntimeProgram(
  { name, path: original }: OciRuntime,
  directory: string,
  log: Log,
): RuntimeProgram {
  const link = path.join(directory, name);
  let copiedState: string | undefined;
  let copyFd: number | undefined;
  let current = original;

  function copy(): string {
    const former = copyFd;
    try {
      copyFd = copySealed(original, name);
      replaceLink(`/proc/${process.pid}/fd/${copyFd}`, link);
      // A host may forbid to execute it.
      execFileSync(link, ['--version'], { stdio: 'ignore', timeout: 10_000 });
      return link;
    } catch (error) {
      log.info('runtime-not-sealed', { program: original, error: messageOf(error) });
      if (copyFd !== former) closeCopy();
      return original;
    } finally {
      // Only now: a monitor that was started before may be about to execute what the link names.
      if (former !== undefined) fs.closeSync(former);
    }
  }

  function closeCopy(): void {
    if (copyFd !== undefined) fs.closeSync(copyFd);
    copyFd = undefined;
    fs.rmSync(link, { force: true });
  }

  return {
    path() {
      const state = stateOf(original);
      if (state !== copiedState) {
        copiedState = state;
        current = knownRuntimes.has(name) && state !== undefined ? copy() : original;
      }
      return current;
    },
    [Symbol.dispose]: closeCopy,
  };
}

/** Those that look for the seals. Others would gain nothing, and may be scripts that look for what lies beside them. */
const knownRuntimes = new Set(['crun', 'runc']);

function replaceLink(target: string, link: string): void {
  fs.mkdirSync(path.dirname(link), { recursive: true, mode: 0o700 });
  const unfinished = `${link}.new`;
  fs.rmSync(unfinished, { force: true });
  fs.symlinkSync(target, unfinished);
  fs.renameSync(unfinished, link);
}

/** Differs when a file has been replaced. undefined when there is none. */
function stateOf(file: string): string | undefined {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}
