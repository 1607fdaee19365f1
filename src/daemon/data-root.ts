import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import { tryLockFile } from '#sys/file-lock.ts';
import { hasCode } from '#sys/libc.ts';

export interface DataRoot {
  database: string;
  content: string;
  layers: string;
  containers: string;
  trash: string;
  volumes: string;
  /** Work and cache mounts of builds. */
  build: string;
  /** Names the data root for good: `info` shows it, and kernel names derive from it. */
  engineId: string;
  lock: Disposable;
}

/**
 * Makes the data root's directories and takes its lock, which ends with this process.
 * @throws Conflict naming the daemon that holds it; Unavailable for a file system that is read-only
 */
export function takeDataRoot(directory: string): DataRoot {
  try {
    return makeDataRoot(directory);
  } catch (cause) {
    if (!hasCode(cause, 'EROFS')) throw cause;
    throw new DhowError(
      'Unavailable',
      `the data root ${directory} cannot be written: its file system is read-only; mount it writable (when the kernel did it, see dmesg and check the disk first)`,
      { cause },
    );
  }
}

function makeDataRoot(directory: string): DataRoot {
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  const lock = lockRoot('data', directory);
  const at = (name: string, mode: number): string => {
    const child = path.join(directory, name);
    fs.mkdirSync(child, { recursive: true, mode });
    return child;
  };
  return {
    database: path.join(directory, 'dhow.db'),
    content: at('content', 0o700),
    layers: at('layers', 0o700),
    // Users of a container without root's power must be able to pass through.
    containers: at('containers', 0o711),
    trash: at('trash', 0o700),
    volumes: makeClosed(path.join(directory, 'volumes')),
    build: at('build', 0o711),
    engineId: readEngineId(path.join(directory, 'engine-id')),
    lock,
  };
}

/**
 * A container's root may well be root on disk. A program that it puts into a volume and gives its setuid bit would make root of whoever runs it on
 * the host, so that nobody but root comes near; containers' own directories are closed to others, too.
 */
function makeClosed(directory: string): string {
  fs.mkdirSync(directory, { recursive: true });
  fs.chmodSync(directory, 0o700);
  return directory;
}

/**
 * Makes the run root and takes its lock. Two daemons on one run root would each take the other's processes for left-overs.
 * @throws Conflict naming the daemon that holds it
 */
export function takeRunRoot(directory: string): Disposable {
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  return lockRoot('run', directory);
}

function lockRoot(which: 'data' | 'run', directory: string): Disposable {
  const lockFile = path.join(directory, 'lock');
  const lock = tryLockFile(lockFile);
  if (lock) return lock;
  const holder = fs.readFileSync(lockFile, 'utf8').trim();
  throw new DhowError(
    'Conflict',
    `the ${which} root ${directory} is in use by another daemon (pid ${holder}): stop it first, or give this one another --${which}-root`,
    { reason: 'daemon-running' },
  );
}

function readEngineId(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const id = randomUUID();
  fs.writeFileSync(`${file}.new`, `${id}\n`, { flush: true });
  fs.renameSync(`${file}.new`, file);
  return id;
}
