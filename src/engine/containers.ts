import type { ContainerSettings, RestartPolicy } from '#engine/container-settings.ts';
import type { HealthCheck } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import type { Endpoint, PublishedPort, PublishedPortRequest } from '#network/network.ts';
import type { LogEntry, LogQuery } from '#runtime/logs.ts';
import type { ResourceSettings } from '#runtime/spec.ts';

/**
 * The life cycle of containers.
 *
 *   created ──start──► running ◄─pause/unpause─► paused
 *      ▲                  │ exit (conmon tells, also after a daemon's restart)
 *      └──── start ──── exited ──remove──► (gone)         any state ──remove(force)──► (gone)
 *
 * Containers are named by full id, unique id prefix or name (with or without a leading slash) everywhere.
 * Every call on one container holds that container's lock for its own duration; looking (`get`, `list`, `wait`,
 * `logs`, `attach`) takes none.
 *
 * @throws NotFound (reason `container-not-found`); Conflict for a state that does not allow it (reason `not-running`)
 */
export interface ContainerService {
  /**
   * Validates, resolves the image, reserves the name and writes the row; nothing is mounted or started.
   * @throws NotFound (reason `image-not-found`, message as Docker's: `No such image: …`); Conflict (reason `name-in-use`)
   */
  create(request: {
    name?: string;
    settings: ContainerSettings;
    platform?: string;
  }): Promise<{ id: string; warnings: string[] }>;
  /** @throws reason `executable-not-found`, `executable-not-runnable`, `port-in-use` */
  start(nameOrId: string): Promise<'started' | 'already-running'>;
  /** SIGTERM or `signal`, then SIGKILL after the timeout (-1: never). Defaults come from the container. */
  stop(
    nameOrId: string,
    options: { signal?: string | undefined; timeoutSeconds?: number | undefined },
  ): Promise<'stopped' | 'already-stopped'>;
  restart(
    nameOrId: string,
    options: { signal?: string | undefined; timeoutSeconds?: number | undefined },
  ): Promise<void>;
  /** `signal` is a number or a name with or without SIG. */
  kill(nameOrId: string, signal: string): Promise<void>;
  pause(nameOrId: string): Promise<void>;
  unpause(nameOrId: string): Promise<void>;
  rename(nameOrId: string, newName: string): Promise<void>;
  update(
    nameOrId: string,
    change: {
      resources: Partial<ResourceSettings>;
      restartPolicy?: RestartPolicy;
      ports?: { add: readonly PublishedPortRequest[]; remove: readonly PortPattern[] };
    },
  ): Promise<{ warnings: string[] }>;
  /** Ends a link on the default network. @throws NotFound */
  unlink(nameOrId: string, alias: string): Promise<void>;
  remove(nameOrId: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  prune(): Promise<{ removed: string[]; freedBytes: number }>;

  get(nameOrId: string): ContainerView;
  /** Newest first. Filtering is the caller's (API's) work. */
  list(): ContainerView[];
  /** Bytes of the writable layer and of the whole root. */
  sizeOf(nameOrId: string): Promise<{ writableBytes: number; rootBytes: number }>;

  /** Resolves when the condition is met: `removed` also waits for the removal that `--rm` brings. */
  wait(
    nameOrId: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
  ): Promise<{ exitCode: number; error?: string }>;
  /** Resolves when reading has begun: from then on the log can be removed. What it resolves to must be iterated. */
  logs(nameOrId: string, query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<LogEntry>>;
  /** What the log driver tells with each line of output. */
  logAttributes(nameOrId: string): Record<string, string>;
  /**
   * May be called before `start`; output is then complete from the first byte. The session's output ends with the process.
   * With `fromLogs`, what was logged so far comes first.
   */
  attach(nameOrId: string, options: AttachOptions): Promise<AttachSession>;
  resize(nameOrId: string, size: { rows: number; columns: number }): Promise<void>;

  execCreate(nameOrId: string, settings: ExecSettings): string;
  /** undefined when `detach`. The session's output ends with the process; `execGet` then has its code. */
  execStart(
    execId: string,
    options: { detach: boolean; consoleSize?: { rows: number; columns: number } },
  ): Promise<AttachSession | undefined>;
  execResize(execId: string, size: { rows: number; columns: number }): Promise<void>;
  /** @throws NotFound */
  execGet(execId: string): ExecView;
}

/** Published ports that are meant: those of a container's port, on any host port when that is 0, and any address. */
export interface PortPattern {
  containerPort: number;
  protocol: PublishedPort['protocol'];
  hostAddress: string;
  hostPort: number;
}

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** false: only what was logged so far. */
  stream: boolean;
  fromLogs: boolean;
}

/** One client's stdio with a container or exec. Same shape as `StdioConnection`, but it may wait for the start. */
export interface AttachSession {
  readonly terminal: boolean;
  readonly output: AsyncIterable<{ stream: 'stdout' | 'stderr'; bytes: Uint8Array }>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): void;
  /** @param how the user left a terminal by the detach keys, which is told in an event */
  close(how?: 'detached'): void;
}

export type ContainerState =
  | { status: 'created'; error: string; exitCode: number }
  | {
      status: 'running' | 'paused' | 'restarting';
      pid: number;
      startedAt: Date;
      error: string;
      exitCode: number;
      finishedAt?: Date;
    }
  | {
      status: 'exited' | 'dead';
      startedAt: Date;
      finishedAt: Date;
      exitCode: number;
      error: string;
      oomKilled: boolean;
    }
  /** `volumes`: its anonymous volumes go with it. */
  | { status: 'removing'; error: string; exitCode: number; volumes: boolean };

export interface ContainerView {
  id: string;
  /** Without the leading slash. */
  name: string;
  createdAt: Date;
  imageId: Digest;
  settings: ContainerSettings;
  /** Effective values: image and settings merged. */
  effective: EffectiveProcess;
  state: ContainerState;
  restartCount: number;
  /** undefined without a health check, and before the first start. */
  health?: ContainerHealth;
  endpoints: Endpoint[];
  /** Published at present. */
  ports: PublishedPort[];
  /** Links on the default network, as Docker spells them: `/db:/web/alias`. */
  links: string[];
  /** Names that the container has by others' links: `/web/alias`. */
  linkNames: string[];
  mounts: MountView[];
  platform: string;
  paths: {
    log: string;
    hostname: string;
    hosts: string;
    resolv: string;
    lower: string[];
    upper: string;
    work: string;
    merged: string;
  };
  execIds: string[];
}

export interface EffectiveProcess {
  entrypoint: string[];
  command: string[];
  environment: string[];
  workingDirectory: string;
  user: string;
  exposedPorts: string[];
  volumePaths: string[];
  labels: Record<string, string>;
  stopSignal: string;
  stopTimeoutSeconds?: number;
  healthcheck?: HealthCheck;
  /** The image's, for a health check that is a command line. */
  shell?: string[];
}

export interface ContainerHealth {
  status: 'starting' | 'healthy' | 'unhealthy';
  failingStreak: number;
  /** The last five, oldest first. */
  results: ProbeResult[];
}

export interface ProbeResult {
  startedAt: Date;
  finishedAt: Date;
  /** -1: it did not end by itself. */
  exitCode: number;
  output: string;
}

/** One row of inspect's `Mounts`. */
export interface MountView {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  name?: string;
  source: string;
  target: string;
  mode: string;
  readonly: boolean;
  propagation: string;
}

export interface ExecSettings {
  command: string[];
  environment: string[];
  workingDirectory: string;
  user: string;
  terminal: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  privileged: boolean;
  detachKeys: string;
  consoleSize?: { rows: number; columns: number };
}

export interface ExecView {
  id: string;
  containerId: string;
  settings: ExecSettings;
  running: boolean;
  /** undefined until it has exited. */
  exitCode: number | undefined;
  pid: number;
}
