import type { OnBuildEvent } from '#build/events.ts';
import type { ContainerLimits, ImageSource } from '#build/executor.ts';
import type { GitUrl } from '#build/git-url.ts';
import type { Platform } from '#image/platform.ts';
import type { Reference } from '#image/reference.ts';

/** What a build is asked for. */
export interface BuildRequest {
  /** A tar archive, compressed or not; undefined: there is no context. */
  context?: AsyncIterable<Uint8Array>;
  /** A path in the context, or the file itself. */
  dockerfile: { path: string } | { name: string; bytes: Uint8Array };
  /** What `--build-context` gives a meaning of its own. */
  contexts: NamedContexts;
  /** '' is the last stage. */
  target: string;
  buildArgs: ReadonlyMap<string, string>;
  /** Where the images of FROM come from. */
  imageSource: ImageSource;
  /** An image is made for each; none: one for the host. */
  platforms: readonly Platform[];
  /** With a tag each. */
  tags: readonly Reference[];
  labels: Readonly<Record<string, string>>;
  annotations: readonly BuildAnnotation[];
  /** `all`, or the names of stages. */
  noCache: 'all' | readonly string[];
  /** Images that carry a build cache, which counts too. One that cannot be had is told and does not matter. */
  cacheFrom: readonly string[];
  /** Whether the image carries the cache of its own steps. */
  inlineCache: boolean;
  /** Whether an image is made that carries the cache of the steps of all stages, and its tags. */
  cacheImage?: { tags: readonly Reference[] };
  /** Look for newer images also when there is one here. */
  pull: boolean;
  /** Seconds since 1970: the image and its files are no newer. */
  sourceDateEpoch?: number;
  /** `default`, `none`, `host`, `container:name` or a network's name. */
  network: string;
  /** Whether RUN --security=insecure is allowed. */
  allowInsecure: boolean;
  limits: ContainerLimits;
  /** undefined for one that was not given. */
  secret(id: string): Promise<Uint8Array | undefined>;
  /** The path of an agent's socket on this host; undefined for one that was not given. */
  agent(id: string): Promise<string | undefined>;
  /** Whether what a failed command left becomes an image. */
  keepFailed: boolean;
  /** Only look for mistakes. */
  checkOnly: boolean;
  onEvent: OnBuildEvent;
  signal: AbortSignal;
}

/** What the manifest of an image, or the index of several, says to those who ask a registry. */
export interface BuildAnnotation {
  level: 'manifest' | 'index';
  /** Of the manifest; undefined: all. */
  platform?: Platform;
  name: string;
  value: string;
}

/** What `--build-context` gives a meaning of its own: names in lower case. */
export type NamedContexts = ReadonlyMap<string, NamedContext>;

export type NamedContext =
  | { kind: 'image'; reference: string }
  /** In the archive of the build's context. */
  | { kind: 'directory' }
  | { kind: 'git'; git: GitUrl }
  /** An archive. */
  | { kind: 'url'; url: URL };
