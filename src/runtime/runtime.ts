import type { OciSpec } from '#runtime/oci.ts';
import type { ResourceSettings } from '#runtime/spec.ts';

/**
 * Processes in containers, held by conmon (one monitor per container or exec) and made by an OCI runtime (crun, runc).
 *
 *   create → conmon starts `crun create`; the process exists, its namespaces and cgroup too, and it waits
 *   attach → any number of times, before or after start
 *   start  → the process execs the user's program
 *   exit   → conmon writes the log's end and the exit file; `onExit` hears of it, also after a restart of the daemon
 *   delete → the runtime's state, the cgroup and the bundle are gone
 *
 * Nothing here is remembered in memory only: every call finds what it needs in the run directory
 * (`<runDirectory>/c/<id>`: bundle, pid files, attach socket, control fifo), so a new daemon goes on where the old one was killed.
 */
export interface Runtime {
  /** Name and version for `info` and `version`, such as `crun 1.8.1`. */
  describe(): { name: string; path: string; version: string; commit: string };

  /** @throws InvalidParameter for the name of an OCI runtime that containers cannot have; Unavailable when its program is missing */
  requireKnown(name: string): void;

  /** Says that `create` or `exec` will follow: the kernel can then do beforehand what it would make them wait for. Returns at once. */
  anticipate(): void;

  /**
   * @throws NotFound/InvalidParameter with reason `executable-not-found` / `executable-not-runnable` when the program cannot be
   *   run (messages contain the words by which docker's CLI picks 127 and 126); Internal with the runtime's own words otherwise.
   *   After a failure nothing is left.
   */
  create(request: CreateRequest, signal: AbortSignal): Promise<{ pid: number }>;
  /** Lets the created process exec. Same errors as create. */
  start(id: string): Promise<void>;
  /** Sends a signal to the container's init process. @throws Conflict (reason `not-running`) when it has exited. */
  kill(id: string, signal: number): void | Promise<void>;
  /** Freezes and thaws through the runtime. */
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Changes the limits of a created, running or paused container. What is undefined or 0 stays as it is. */
  update(id: string, resources: ResourceSettings): Promise<void>;
  /** Removes the runtime's state, cgroup and bundle, killing what still runs. Idempotent. */
  delete(id: string): Promise<void>;

  /** Starts a further process in a running container under its own conmon. Exit is told by `onExit` with the exec's id. */
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecHandle>;

  /**
   * Runs a short process in a running container, without input, to its end, for a health check: cheaper than `exec`, and told to nobody
   * else. A container is probed one at a time. When `signal` is aborted the process is killed.
   * @throws Conflict (reason `not-running`); InvalidParameter for an unknown user; the reason of `signal`. A program that is not there
   *   is the code 1 or 127 with the OCI runtime's words.
   */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult>;

  /**
   * Connects to the stdio of a created or running container. An `observer` writes nothing, and its going does not close the
   * process's stdin, as that of another client does with `stdin: 'once'`.
   */
  attach(id: string, options?: { observer: boolean }): Promise<StdioConnection>;
  /**
   * Begins a new log, keeping `keep` files in all (`log`, `log.1`, …; see `readLogs`). Nothing is lost but what is then too old.
   * No error when the process has exited meanwhile.
   */
  rotateLog(id: string, logPath: string, keep: number): void;
  /** Window size of a container or exec with a terminal. @throws Conflict when it has none or has exited */
  resize(id: string, size: { rows: number; columns: number }): Promise<void>;

  /** What the run directory and the kernel say of a container or exec: for reconciling after a restart. */
  inspect(id: string): Promise<ProcessState>;
  /**
   * Calls for every exit, once each, also for exits that happened while no daemon ran (after `watchExits` starts). The output has been
   * logged and passed on by then. What `delete` kills is not told.
   */
  watchExits(onExit: (exit: Exit) => void): Promise<void>;
  /**
   * Calls when the kernel has killed a process of a container for want of memory, once each time that the container runs. Call it before
   * `watchExits`. An exit may be told first, with `oomKilled`.
   */
  watchOoms(onOom: (containerId: string) => void): void;
  /** Forgets a handled exit: removes its exit file. */
  acknowledgeExit(id: string): void;
  close(): Promise<void>;
}

export interface CreateRequest {
  id: string;
  /** The OCI runtime to make it with; the daemon's own when absent. */
  runtime?: string;
  spec: OciSpec;
  logPath: string;
  /** 'none' keeps no log. */
  logDriver: 'file' | 'none';
  /** Open stdin; `once`: closed for good when the first attached client closes it. */
  stdin: 'closed' | 'open' | 'once';
  terminal: boolean;
}

export interface ExecRequest {
  containerId: string;
  execId: string;
  args: string[];
  env: string[];
  workingDirectory?: string;
  /** As `ProcessSettings.user`. */
  user: string;
  /** Names or numbers; the container's own (`--group-add`) hold for its execs too. */
  additionalGroups: string[];
  terminal: boolean;
  consoleSize?: { rows: number; columns: number };
  stdin: boolean;
  privileged: boolean;
  /** false: output is discarded and nobody will attach. */
  attached: boolean;
}

export type ProbeRequest = Pick<
  ExecRequest,
  'containerId' | 'args' | 'env' | 'workingDirectory' | 'user' | 'additionalGroups'
> & {
  /** Of output and errors together; the rest is dropped. */
  maxOutputBytes: number;
};

export interface ProbeResult {
  /** 128+n for signal n. */
  code: number;
  output: Buffer;
}

export interface ExecHandle {
  pid: number;
  /** undefined when not attached. Output cannot be lost between the start of the process and this connection. */
  stdio: StdioConnection | undefined;
}

export type ProcessState =
  | { state: 'absent' }
  | { state: 'created' | 'running' | 'paused'; pid: number; monitorPid: number }
  | { state: 'exited'; exit: Exit };

export interface Exit {
  /** Container id or exec id. */
  id: string;
  /** 0–255; 128+n for signal n. */
  code: number;
  finishedAt: Date;
  oomKilled: boolean;
  /** Why the code is not the one that the process gave, which nobody knows. */
  failure?: string;
}

/**
 * One client's connection to a process: output packets in, input out. Output that arrived stays queued up to a bound, then
 * conmon is held back.
 */
export interface StdioConnection extends AsyncDisposable {
  /** Ends when the process has closed its output or exited. `bytes` is never empty. */
  readonly output: AsyncIterable<{ stream: 'stdout' | 'stderr'; bytes: Uint8Array }>;
  write(bytes: Uint8Array): Promise<void>;
  /** Half-close: the process reads end-of-file (unless its stdin stays open for others). */
  closeInput(): void;
  close(): void;
}
