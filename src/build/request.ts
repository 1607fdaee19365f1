import type { OnBuildEvent } from '#build/events.ts';
import type { ContainerLimits, ImageSource } from '#build/executor.ts';
import type { NamedContexts } from '#build/plan/stage-base.ts';
import type { Platform } from '#image/platform.ts';
import type { Reference } from '#image/reference.ts';

/** What a build is asked for. */
export interface BuildRequest {
  /** A tar archive, compressed or not; undefined: there is no context. */
  context?: AsyncIterable<Uint8Array>;
  /** A path in the context, or the file itself. */
  dockerfile: { path: string } | { name: string; bytes: Uint8Array };
  /** What `--build-context` gives a meaning of its own; directories lie in the context's archive. */
  contexts: NamedContexts;
  /** '' is the last stage. */
  target: string;
  buildArgs: ReadonlyMap<string, string>;
  /** Where the images of FROM come from. */
  imageSource: ImageSource;
  /** undefined: the host's. */
  platform?: Platform;
  /** With a tag each. */
  tags: readonly Reference[];
  labels: Readonly<Record<string, string>>;
  /** `all`, or the names of stages. */
  noCache: 'all' | readonly string[];
  /** Images whose inline cache counts too. One that cannot be had is told and does not matter. */
  cacheFrom: readonly string[];
  /** Whether the image gets an inline cache of its own. */
  inlineCache: boolean;
  /** Look for newer images also when there is one here. */
  pull: boolean;
  /** Seconds since 1970: the image and its files are no newer. */
  sourceDateEpoch?: number;
  /** `default`, `none`, `host` or a network's name. */
  network: string;
  /** Whether RUN --security=insecure is allowed. */
  allowInsecure: boolean;
  limits: ContainerLimits;
  secrets: ReadonlyMap<string, Uint8Array>;
  /** Sockets of agents on this host, by id. */
  agents: ReadonlyMap<string, string>;
  /** Whether what a failed command left becomes an image. */
  keepFailed: boolean;
  /** Only look for mistakes. */
  checkOnly: boolean;
  onEvent: OnBuildEvent;
  signal: AbortSignal;
}
