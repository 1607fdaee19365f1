import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';

/** An OCI runtime that was found to work here. */
export interface OciRuntime {
  /** `crun`, `runc`, or the program's base name. */
  name: string;
  /** Absolute. */
  path: string;
  version: string;
  commit: string;
}

const run = promisify(execFile);
export const programDirectories = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** The path of a program, or undefined. A name with a slash is taken as a path. */
export function findProgram(name: string, directories = programDirectories): string | undefined {
  const candidates = name.includes('/')
    ? [path.resolve(name)]
    : directories.map((directory) => path.join(directory, name));
  return candidates.find((candidate) => {
    try {
      fs.accessSync(candidate, fs.constants.X_OK);
      return fs.statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

/**
 * The first program of crun and runc that is there, or the preferred one (a name or a path; containerd's
 * `io.containerd.runc.v2` means runc).
 * @throws Unavailable naming the package to install
 */
export async function findOciRuntime(preferred?: string): Promise<OciRuntime> {
  const names =
    preferred === undefined ? ['crun', 'runc'] : [preferred === 'io.containerd.runc.v2' ? 'runc' : preferred];
  for (const name of names) {
    const program = findProgram(name);
    if (program === undefined) continue;
    return { name: path.basename(program), path: program, ...(await readVersion(program)) };
  }
  throw new DhowError(
    'Unavailable',
    `no OCI runtime found (looked for ${names.join(' and ')}): install the package crun or runc`,
  );
}

/** @throws Unavailable naming the package to install */
export async function findConmon(): Promise<{ path: string; version: string }> {
  const program = findProgram('conmon');
  if (program === undefined) {
    throw new DhowError(
      'Unavailable',
      'conmon, the container monitor, was not found: install the package conmon',
    );
  }
  return { path: program, version: (await readVersion(program)).version };
}

async function readVersion(program: string): Promise<{ version: string; commit: string }> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000, maxBuffer: 64 * 1024 });
    return parseVersion(stdout);
  } catch (error) {
    throw new DhowError('Unavailable', `${program} --version does not work: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** crun, runc and conmon all print `<name> version <version>` and `commit: <commit>`. */
export function parseVersion(text: string): { version: string; commit: string } {
  return {
    version: /version:? (\S+)/.exec(text)?.[1] ?? 'unknown',
    commit: /^commit: (\S+)/m.exec(text)?.[1] ?? 'unknown',
  };
}
