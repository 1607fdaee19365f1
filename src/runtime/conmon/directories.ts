import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { OciProcess, OciSpec } from '#runtime/oci.ts';
import type { Exit } from '#runtime/runtime.ts';
import { hasCode } from '#sys/libc.ts';
import { readStartTime } from '#sys/pidfd.ts';

/**
 * The run directory, the driver's whole memory. It lies on a tmpfs: after a reboot no process is left either.
 *
 *   c/<container id>/   bundle: config.json, monitor, pid, attach, ctl, winsz, oom, lost, <container id> (exit code)
 *   e/<exec id>/        the same for an exec, with process.json, and `container` in place of config.json
 *   <runtime's name>/   the OCI runtime's own state (`--root`)
 *   bin/                a link to the runtime as it is executed, see program.ts
 */
export interface RunDirectories {
  readonly containers: string;
  readonly execs: string;
  /** The OCI runtime's `--root`. */
  readonly state: string;
  /** The `--root` of any runtime by its name. */
  stateOf(runtimeName: string): string;
  /** The name of the runtime that keeps a state of this container. undefined when none does. */
  makerOf(containerId: string): string | undefined;
  /** @throws InvalidParameter when it is not an id, which could leave the directory */
  container(id: string): ProcessDirectory;
  exec(execId: string): ProcessDirectory;
  /** The directory of a container or an exec. undefined when there is none. */
  find(id: string): ProcessDirectory | undefined;
  list(): ProcessDirectory[];
  /** Where the init process of crun and of runc waits for its start; gone afterwards. */
  startFifo(containerId: string): string;
}

/** Where the directories of containers and of execs are. */
export function processParents(runDirectory: string): [containers: string, execs: string] {
  return [path.join(runDirectory, 'c'), path.join(runDirectory, 'e')];
}

/** What lies in the run directory besides the runtimes' states: no runtime has such a name. */
export const ownNames: ReadonlySet<string> = new Set(['c', 'e', 'bin', 'seccomp']);

/** PATH_MAX with its NUL. */
const longestPath = 4095;
/** Of what lies in the run directory: two ids, a runtime's name, `exec.fifo`, and conmon's suffix of unfinished files. */
const longestName = 256;

/** The files of one container or exec. */
export interface ProcessDirectory {
  readonly kind: 'container' | 'exec';
  readonly id: string;
  readonly path: string;
  file(
    name:
      | 'config.json'
      | 'process.json'
      | 'container'
      | 'monitor'
      | 'pid'
      | 'attach'
      | 'ctl'
      | 'oom'
      | 'lost'
      | 'resources.json'
      | 'probe.json'
      | 'probe.pid'
      | 'runtime.log',
  ): string;
}

/** @throws InvalidParameter when the directory is so deep that its files have no path */
export function createRunDirectories(runDirectory: string, runtimeName: string): RunDirectories {
  if (Buffer.byteLength(runDirectory) > longestPath - longestName) {
    throw new DhowError(
      'InvalidParameter',
      `the run directory has a path of more than ${longestPath - longestName} bytes: ${runDirectory.slice(0, 80)}…`,
    );
  }
  const [containers, execs] = processParents(runDirectory);
  const stateOf = (name: string) => path.join(runDirectory, name);
  const state = stateOf(runtimeName);
  for (const directory of [containers, execs, state]) {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  function open(kind: ProcessDirectory['kind'], id: string): ProcessDirectory {
    if (!/^[a-zA-Z0-9][\w.-]{0,127}$/.test(id)) {
      throw new DhowError('InvalidParameter', `${JSON.stringify(id)} is not the id of a container or exec`);
    }
    const directory = path.join(kind === 'container' ? containers : execs, id);
    return { kind, id, path: directory, file: (name) => path.join(directory, name) };
  }

  function makerOf(containerId: string): string | undefined {
    const { id } = open('container', containerId);
    const hasState = (name: string) => fs.existsSync(path.join(stateOf(name), id));
    if (hasState(runtimeName)) return runtimeName;
    return fs.readdirSync(runDirectory).find((name) => !ownNames.has(name) && hasState(name));
  }

  return {
    containers,
    execs,
    state,
    stateOf,
    makerOf,
    container: (id) => open('container', id),
    exec: (id) => open('exec', id),
    find(id) {
      return [open('container', id), open('exec', id)].find((directory) => fs.existsSync(directory.path));
    },
    list() {
      return [
        ...fs.readdirSync(containers).map((id) => open('container', id)),
        ...fs.readdirSync(execs).map((id) => open('exec', id)),
      ];
    },
    startFifo: (containerId) =>
      path.join(stateOf(makerOf(containerId) ?? runtimeName), containerId, 'exec.fifo'),
  };
}

/** The monitor's pid with its start time, so that a pid that was given out again deceives nobody. */
export function writeMonitor(directory: ProcessDirectory, pid: number): void {
  fs.writeFileSync(directory.file('monitor'), `${pid} ${readStartTime(pid) ?? ''}`);
}

/** The monitor's pid, or undefined when it does not run. */
export function findLiveMonitor(directory: ProcessDirectory): number | undefined {
  const text = readIfPresent(directory.file('monitor'));
  if (text === undefined || text === '') return searchMonitor(directory);
  const [pid, startTime] = text.split(' ');
  if (!startTime) return undefined;
  return readStartTime(Number(pid)) === startTime ? Number(pid) : undefined;
}

/** A daemon that was killed between starting a monitor and noting it down: the monitor is known by its `-b` argument. */
function searchMonitor(directory: ProcessDirectory): number | undefined {
  for (const pid of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const args = readIfPresent(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    if (args.indexOf('-b') > 0 && args[args.indexOf('-b') + 1] === directory.path) return Number(pid);
  }
  return undefined;
}

/** The command line of a monitor that runs; empty when it does not. */
export function readMonitorArguments(directory: ProcessDirectory): string[] {
  const pid = findLiveMonitor(directory);
  return pid === undefined ? [] : (readIfPresent(`/proc/${pid}/cmdline`)?.split('\0') ?? []);
}

/** The process's pid as conmon wrote it. */
export function readPid(directory: ProcessDirectory): number | undefined {
  const text = readIfPresent(directory.file('pid'));
  return text === undefined || text === '' ? undefined : Number(text);
}

/**
 * conmon names the exit file by the id given with `--cid`, which for an exec is its container's.
 */
export function exitFile(directory: ProcessDirectory): string {
  return path.join(directory.path, readContainerOf(directory) ?? directory.id);
}

/** The container that an exec runs in. undefined for a container. */
export function readContainerOf(directory: ProcessDirectory): string | undefined {
  return directory.kind === 'exec' ? readIfPresent(directory.file('container')) : undefined;
}

const lostExit =
  'its monitor (conmon) was killed, so the process was killed too and its exit code is not known';

/** undefined while the process has not exited, or when its monitor was killed before it could tell. */
export function readExit(directory: ProcessDirectory): Exit | undefined {
  const file = exitFile(directory);
  const text = readIfPresent(file);
  if (text === undefined || !/^-?\d+/.test(text)) return undefined;
  return {
    id: directory.id,
    code: Number.parseInt(text, 10) & 0xff,
    finishedAt: fs.statSync(file).mtime,
    oomKilled: fs.existsSync(directory.file('oom')),
    ...(fs.existsSync(directory.file('lost')) ? { failure: lostExit } : {}),
  };
}

/** Whole or not at all: a daemon may die at any time, and the next one reads it. */
export function writeDocument(
  directory: ProcessDirectory,
  name: 'config.json' | 'process.json',
  content: string,
): void {
  const file = directory.file(name);
  fs.writeFileSync(`${file}.new`, content, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

/** What the OCI runtime said against the process, where `MonitorCall.ownLog` asked for it. undefined when it said nothing. */
export function readRuntimeLog(directory: ProcessDirectory): string | undefined {
  return readIfPresent(directory.file('runtime.log')) || undefined;
}

/** The container's configuration as it was created. undefined when there is none. */
export function readSpec(directory: ProcessDirectory): OciSpec | undefined {
  const text = readIfPresent(directory.file('config.json'));
  return text === undefined ? undefined : (JSON.parse(text) as OciSpec);
}

/** How the container's or exec's process was asked to be. */
export function readProcess(directory: ProcessDirectory): OciProcess | undefined {
  if (directory.kind === 'container') return readSpec(directory)?.process;
  const text = readIfPresent(directory.file('process.json'));
  return text === undefined ? undefined : (JSON.parse(text) as OciProcess);
}

function readIfPresent(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    // ESRCH: a process of /proc that has gone.
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}
