import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';
import { ownNames } from '#runtime/conmon/directories.ts';
import { type CgroupHierarchies, readCgroupHierarchies } from '#sys/cgroup.ts';
import { leftoversAreUnused, unifiedControllers } from '#sys/cgroup-claim.ts';
import { hasCode } from '#sys/libc.ts';

/** An OCI runtime that was found to work here. */
export interface OciRuntime {
  /** `crun` or `runc` when it says that it is one, else the program's base name. */
  name: string;
  /** Absolute. */
  path: string;
  version: string;
  commit: string;
  /** Why a runtime that would be better is not used. */
  remark?: string;
}

/** The better first. */
const knownNames = ['crun', 'runc'];

const run = promisify(execFile);
const programDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of a program, or undefined. A name with a slash is taken as a path. */
export function findProgram(name: string): string | undefined {
  const candidates = name.includes('/')
    ? [path.resolve(name)]
    : programDirectories.map((directory) => path.join(directory, name));
  return candidates.find((candidate) => obstacleToRunning(candidate) === undefined);
}

/** Why a file cannot be run as a program. undefined when it can. */
function obstacleToRunning(file: string): string | undefined {
  try {
    if (!fs.statSync(file).isFile()) return 'it is not a file';
    fs.accessSync(file, fs.constants.X_OK);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'it does not exist';
    return hasCode(error, 'EACCES') ? 'it is not executable' : messageOf(error);
  }
}

/**
 * crun where it works (it starts a container in a third of runc's time), else runc; or the preferred one (a name or a path; containerd's
 * `io.containerd.runc.v2` means runc).
 *
 * @throws Unavailable naming the package to install, or why the preferred one cannot work here
 */
export async function findOciRuntime(
  preferred?: string,
  hierarchies: CgroupHierarchies = readCgroupHierarchies(),
): Promise<OciRuntime> {
  const names = preferred === undefined ? knownNames : [runtimeNameOf(preferred)];
  const remarks: string[] = [];
  for (const name of names) {
    const program = findProgram(name);
    if (program === undefined) {
      remarks.push(`${name} is not installed`);
      continue;
    }
    const found = await inspectRuntime(program);
    const obstacle = found.name === 'crun' ? crunObstacle(hierarchies) : undefined;
    if (obstacle === undefined) return remarks.length > 0 ? { ...found, remark: remarks.join('; ') } : found;
    remarks.push(`${name} cannot be used: ${obstacle}`);
  }
  throw new DhowError(
    'Unavailable',
    `no OCI runtime can be used (${remarks.join('; ')}): install the package crun or runc`,
  );
}

/** containerd's name of runc, which clients of Docker send, means runc. */
export function runtimeNameOf(name: string): string {
  return name === 'io.containerd.runc.v2' ? 'runc' : name;
}

/** Whether no other runtime can have this name: it means crun or runc, or something else has it where runtimes keep their states. */
export function isReservedName(name: string): boolean {
  return knownNames.includes(runtimeNameOf(name)) || ownNames.has(name);
}

/** Of crun and runc those that containers may ask for although the daemon uses another one: programs by name. */
export function findOtherRuntimes(
  used: string,
  hierarchies: CgroupHierarchies = readCgroupHierarchies(),
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of knownNames) {
    const program = findProgram(name);
    if (program === undefined || name === used) continue;
    if (name !== 'crun' || crunObstacle(hierarchies) === undefined) found[name] = program;
  }
  return found;
}

async function inspectRuntime(program: string): Promise<OciRuntime> {
  const { name, version, commit } = await readVersion(program);
  return { name: knownNames.includes(name) ? name : path.basename(program), path: program, version, commit };
}

/** Why crun would refuse every container here. undefined when it would not. */
function crunObstacle(hierarchies: CgroupHierarchies): string | undefined {
  const controllers = unifiedControllers(hierarchies);
  if (controllers.length === 0) return undefined;
  const inUse = leftoversAreUnused(hierarchies) ? '' : ', where they are in use';
  return `the controllers ${controllers.join(', ')} are on the unified cgroup hierarchy of a hybrid host${inUse}`;
}

/**
 * conmon at a given path, or searched.
 * @throws Unavailable naming the package to install, or what is wrong with the given path
 */
export async function findConmon(given?: string): Promise<{ path: string; version: string }> {
  const program = given ?? findProgram('conmon');
  if (program === undefined) {
    throw new DhowError(
      'Unavailable',
      'conmon, the container monitor, was not found: install the package conmon',
    );
  }
  const obstacle = obstacleToRunning(program);
  if (obstacle !== undefined) throw notConmon(program, obstacle);
  const { name, version } = await readVersion(program);
  if (name !== 'conmon') throw notConmon(program, 'it says that it is something else');
  return { path: program, version };
}

function notConmon(program: string, obstacle: string): DhowError {
  return new DhowError(
    'Unavailable',
    `${program} cannot be used as conmon: ${obstacle} (conmon is searched when no path is given)`,
  );
}

async function readVersion(program: string): Promise<ProgramVersion> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000, maxBuffer: 64 * 1024 });
    return parseVersion(stdout);
  } catch (error) {
    throw new DhowError('Unavailable', `${program} --version does not work: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

interface ProgramVersion {
  /** What the program calls itself. */
  name: string;
  version: string;
  commit: string;
}

/** crun, runc and conmon all print `<name> version <version>` and `commit: <commit>`. */
export function parseVersion(text: string): ProgramVersion {
  const [, name = 'unknown', version = 'unknown'] = /^(\S+) version:? (\S+)/m.exec(text) ?? [];
  return { name, version, commit: /^commit: (\S+)/m.exec(text)?.[1] ?? 'unknown' };
}
