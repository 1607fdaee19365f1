import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { claimControllers, mayClaimControllers, readUnifiedState } from '#sys/cgroup-controllers.ts';

/** An OCI runtime that was found to work here. */
export interface OciRuntime {
  /** `crun`, `runc`, or the program's base name. */
  name: string;
  /** Absolute. */
  path: string;
  version: string;
  commit: string;
  /** Why a runtime that would be better is not used. */
  remark?: string;
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
 * crun where it works (it starts a container in a third of runc's time), else runc; or the preferred one (a name or a path; containerd's
 * `io.containerd.runc.v2` means runc). To make crun work it may take unused controllers from a hybrid host's unified hierarchy.
 *
 * @throws Unavailable naming the package to install
 */
export async function findOciRuntime(preferred?: string): Promise<OciRuntime> {
  const names =
    preferred === undefined ? ['crun', 'runc'] : [preferred === 'io.containerd.runc.v2' ? 'runc' : preferred];
  const remarks: string[] = [];
  for (const name of names) {
    const program = findProgram(name);
    if (program === undefined) {
      remarks.push(`${name} is not installed`);
      continue;
    }
    const found = { name: path.basename(program), path: program, ...(await readVersion(program)) };
    const obstacle = found.name === 'crun' ? crunObstacle() : undefined;
    if (obstacle === undefined) return remarks.length > 0 ? { ...found, remark: remarks.join('; ') } : found;
    remarks.push(`${name} cannot be used: ${obstacle}`);
  }
  throw new DhowError(
    'Unavailable',
    `no OCI runtime can be used (${remarks.join('; ')}): install the package crun or runc`,
  );
}

/** Why crun would refuse every container here. undefined when it would not. */
function crunObstacle(): string | undefined {
  const hierarchies = readCgroupHierarchies();
  const state = readUnifiedState(hierarchies);
  if (!state || state.controllers.length === 0) return undefined;
  const left = `the controllers ${state.controllers.join(', ')} are on the unified cgroup hierarchy of a hybrid host`;
  if (!mayClaimControllers(state)) return `${left}, where they are in use`;
  try {
    claimControllers(state.controllers);
  } catch (error) {
    return `${left} and cannot be taken from it: ${messageOf(error)}`;
  }
  return readUnifiedState(hierarchies)?.controllers.length === 0 ? undefined : left;
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
