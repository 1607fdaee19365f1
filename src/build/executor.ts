import type { GitUrl } from '#build/git-url.ts';
import type { Platform } from '#image/platform.ts';
import type { ImageRecord } from '#store/images.ts';
import type { RootMount } from '#store/layers.ts';

/*
 * What the builder asks of the engine. Everything else (layers, cache, context) it does itself.
 */

/** Runs a command of RUN in a container of its own, which is gone, with all that belongs to it, when the promise settles. */
export interface CommandRunner {
  /** What the runner mounts into every container; the builder sees to it that these paths exist and are in no layer. */
  readonly mountPoints: readonly { path: string; kind: 'file' | 'directory' }[];
  /** @throws what keeps the command from being started; the reason of `signal`, which kills it at once */
  run(command: BuildCommand, signal: AbortSignal): Promise<{ exitCode: number; oomKilled: boolean }>;
}

export interface BuildCommand {
  /** 64 hexadecimal digits. */
  id: string;
  /** Mounted, writable. */
  rootDirectory: string;
  args: readonly string[];
  environment: readonly string[];
  workingDirectory: string;
  user: string;
  mounts: readonly CommandMount[];
  /** `default`, `none`, `host`, `container:name` or the name of a network. */
  network: string;
  /** `--security=insecure`: all capabilities, nothing masked. */
  insecure: boolean;
  limits: ContainerLimits;
  onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export type CommandMount =
  | { type: 'bind'; source: string; target: string; readonly: boolean }
  | { type: 'tmpfs'; target: string; sizeBytes?: number };

/** Limits of the containers of a build, as `docker build` has them; undefined is none. */
export interface ContainerLimits {
  memoryBytes?: number;
  /** Memory plus swap; -1 is unlimited. */
  memorySwapBytes?: number;
  cpuShares?: number;
  cpuPeriodUs?: number;
  cpuQuotaUs?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  shmSizeBytes?: number;
  cgroupParent?: string;
  rlimits: readonly { name: string; soft: number; hard: number }[];
  /** `name:address`. */
  extraHosts: readonly string[];
}

/** Finds the images of FROM and COPY --from, and fetches those that are not here or must be looked for anew. */
export interface ImageSource {
  /** @throws NotFound and what a pull throws */
  resolve(
    reference: string,
    options: {
      platform: Platform;
      pull: boolean;
      onProgress: (progress: FetchProgress) => void;
      signal: AbortSignal;
    },
  ): Promise<ImageRecord>;
}

/** How far the fetching of an image is, in words, and in bytes for a layer. */
export interface FetchProgress {
  layer?: string;
  status: string;
  current?: number;
  total?: number;
}

/** Fetches what ADD names by URL. */
export interface RemoteSource {
  /** @throws NotFound, Unavailable, … ; the reason of `signal` */
  fetch(url: string, signal: AbortSignal): Promise<RemoteFile>;
  /** Checks a git repository out into an empty directory. */
  checkOut(url: GitUrl, directory: string, signal: AbortSignal): Promise<void>;
}

export interface RemoteFile {
  body: AsyncIterable<Uint8Array>;
  /** Undefined when the server does not say. */
  modifiedAt?: Date;
}

/** Mounts overlays; tests have their own. */
export interface OverlayMounter {
  mount(root: RootMount, target: string): void;
  /** For a command, which may have other ids than the files on disk: all paths are as `forCommand` gives them. */
  mountForCommand(root: RootMount, target: string): void;
  forCommand: CommandView;
  /** No error when nothing is mounted there. */
  unmount(target: string): void;
}

/** What commands, in their user namespace, see of the builder's files. */
export interface CommandView {
  /** Whether it is another view at all. */
  differs: boolean;
  /** Where they see a file or directory that is not on a mount of its own. */
  path(file: string): string;
  root(root: RootMount): RootMount;
  /** Whom of the host a user of theirs is. */
  owner(inside: { uid: number; gid: number }): { uid: number; gid: number };
}

/** Finds a user and a group in the databases of a file system. @throws InvalidParameter */
export type ResolveOwner = (rootDirectory: string, text: string) => { uid: number; gid: number };
