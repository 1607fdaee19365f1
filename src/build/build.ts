import fs from 'node:fs';
import path from 'node:path';
import type { ArchiveWorkers } from '#archive/workers.ts';
import { createCacheMounts } from '#build/cache/cache-mounts.ts';
import { createCacheTable } from '#build/cache/cache-table.ts';
import { formatInlineCache, type InlineCacheEntry, parseInlineCache } from '#build/cache/inline-cache.ts';
import { pruneCache } from '#build/cache/prune.ts';
import type { CachedBuildStep } from '#build/cache-row.ts';
import { checkIgnored } from '#build/checks/check-ignored.ts';
import { formatWarning, startChecks, toWarning } from '#build/checks.ts';
import { takeNamedContexts } from '#build/context/named-contexts.ts';
import { receiveContext } from '#build/context/receive-context.ts';
import { evaluatePlan } from '#build/evaluate.ts';
import type { PlannedStep } from '#build/events.ts';
import { buildStages } from '#build/execute/build-stages.ts';
import type { Chain } from '#build/execute/chain.ts';
import type { StepsUnderWay } from '#build/execute/execute-step.ts';
import { type ExecuteParts, openSession } from '#build/execute/session.ts';
import type { CommandRunner, OverlayMounter, RemoteSource, ResolveOwner } from '#build/executor.ts';
import { makeImageConfig } from '#build/make-image.ts';
import type { BaseImage, BuildPlan, PlannedStage } from '#build/plan/plan.ts';
import { planBuild } from '#build/plan/plan-build.ts';
import { readDefinition } from '#build/read-definition.ts';
import type { BuildRequest } from '#build/request.ts';
import type { EvaluatedStage, Step } from '#build/steps.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { type ImageConfig, type ImageRunConfig, maxConfigBytes } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, type Platform } from '#image/platform.ts';
import { canonicalTag, familiarName, withDefaultTag } from '#image/reference.ts';
import type { ContentStore } from '#store/content.ts';
import type { Database } from '#store/database.ts';
import type { Collector, ImageStore, Lease } from '#store/images.ts';
import type { LayerUses } from '#store/layer-uses.ts';
import type { LayerStore } from '#store/layers.ts';

/**
 * Builds images from Dockerfiles.
 *
 *   receive  the context: its names in memory, its content in one file
 *   read     the Dockerfile → stages → what the target needs → images that it stands on → all variables expanded
 *   run      stages side by side; each step looked up by a digest of its inputs, else run on an overlay of the layers so
 *            far, whose upper directory becomes the next layer
 *   record   the configuration and the row of the image: its layers are in the store already
 *
 * What is under way is in memory only. After a crash `restore` removes the directories and mounts that were left; steps that
 * were done are in the cache.
 */
export interface Builder {
  /**
   * @returns undefined when only checks were asked for
   * @throws what a step throws; everything that the build made and nobody needs is gone
   */
  build(request: BuildRequest): Promise<BuildResult | undefined>;
  /** Resolves when no build is under way. */
  settled(): Promise<void>;
  /** Removes what earlier processes left. Before the first build. */
  restore(): Promise<void>;
  /** See `pruneCache`. */
  prune(options: PruneOptions): Promise<{ removed: string[]; freedBytes: number }>;
  /** Least recently used first. */
  cache(): CachedBuildStep[];
}

export interface BuildResult {
  id: Digest;
  /** Familiar names that it was given. */
  tags: string[];
}

export interface PruneOptions {
  /** Rows used since then stay. */
  unusedSince?: Date;
  /** Stop when no more than this is left. */
  keepBytes?: number;
}

export interface BuilderParts {
  database: Database;
  content: ContentStore;
  layers: LayerStore;
  layerUses: LayerUses;
  images: ImageStore;
  collector: Collector;
  workers: ArchiveWorkers;
  mounter: OverlayMounter;
  runner: CommandRunner;
  remote: RemoteSource;
  resolveOwner: ResolveOwner;
  hostPlatform: Platform;
  /** On the layer store's file system. */
  directory: string;
  /** In memory. */
  runDirectory: string;
  /** The cache is cut back to this after each build. */
  maxCacheBytes: number;
}

export function createBuilder(parts: BuilderParts): Builder {
  const { database, layers, workers, collector, mounter } = parts;
  const workDirectory = path.join(parts.directory, 'work');
  fs.mkdirSync(workDirectory, { recursive: true, mode: 0o711 });
  fs.mkdirSync(parts.runDirectory, { recursive: true, mode: 0o700 });
  const removeTree = (target: string): Promise<void> => workers.removeTree(target);
  const cache = createCacheTable({ database, layers, layerUses: parts.layerUses });
  const cacheMounts = createCacheMounts({
    directory: path.join(parts.directory, 'mounts'),
    table: cache,
    removeTree,
  });
  const underWay: StepsUnderWay = new Map();
  const execute: ExecuteParts = {
    ...{ layers, mounter, workDirectory, removeTree, workers, cache, cacheMounts },
    runner: parts.runner,
    remote: parts.remote,
    resolveOwner: parts.resolveOwner,
    runDirectory: parts.runDirectory,
  };
  const running = new Set<Promise<unknown>>();

  async function build(request: BuildRequest): Promise<BuildResult | undefined> {
    const done = Promise.withResolvers<void>();
    running.add(done.promise);
    try {
      using lease = collector.lease();
      return await buildUnderLease(request, lease);
    } finally {
      if (running.size === 1) {
        await pruneCache({ cache, cacheMounts, collector }, { keepBytes: parts.maxCacheBytes });
      }
      running.delete(done.promise);
      done.resolve();
    }
  }

  async function buildUnderLease(request: BuildRequest, lease: Lease): Promise<BuildResult | undefined> {
    const stop = new AbortController();
    const signal = AbortSignal.any([request.signal, stop.signal]);
    await using held = new AsyncDisposableStack();
    const context =
      request.context && held.use(await receiveContext(request.context, workDirectory, request.signal));
    const namedContexts = takeNamedContexts(context?.tree);
    const { dockerfile, ignored } = await readDefinition(request, context?.tree);

    const platforms = { build: parts.hostPlatform, target: request.platform ?? parts.hostPlatform };
    const checks = startChecks(dockerfile, { platforms, buildArgs: request.buildArgs });
    const numbers = createStepNumbers(request);
    const plan = await planBuild(dockerfile, {
      target: request.target,
      buildArgs: request.buildArgs,
      contexts: request.contexts,
      platforms,
      resolveImage: ({ reference, platform }) =>
        resolveImage(request, lease, numbers, reference, platform, signal),
    });
    const evaluated = evaluatePlan(plan, { buildArgs: request.buildArgs, report: checks.report });
    if (ignored) checkIgnored(evaluated.values(), ignored, checks.report);
    const warnings = checks.findings().map(toWarning);
    for (const warning of warnings) request.onEvent({ type: 'warning', warning });
    if (checks.error && warnings.length > 0) {
      throw new DhowError(
        'InvalidParameter',
        `the checks of ${dockerfile.source.name} complain, and check=error=true fails the build:\n\n${warnings.map(formatWarning).join('\n\n')}`,
      );
    }
    if (request.checkOnly) return undefined;

    for (const reference of request.cacheFrom) {
      await importCache(request, lease, numbers, reference, platforms.target, signal);
    }
    const session = held.use(openSession(execute, request, context, namedContexts, keepImage, signal));
    const target = evaluated.get(plan.target);
    if (target === undefined) throw new DhowError('Internal', 'the target of a build was not evaluated');
    const result = await buildStages({
      ...{ plan, evaluated, session, cache, underWay },
      useCache: (stage) => usesCache(request, stage),
      steps: numbers.add(plan, evaluated),
      abort: (reason) => stop.abort(reason),
      onEvent: request.onEvent,
    });
    const config = makeImageConfig(session, target, result);
    return recordImage(request, config, request.inlineCache ? result.inlineCache : undefined);
  }

  async function resolveImage(
    request: BuildRequest,
    lease: Lease,
    numbers: StepNumbers,
    reference: string,
    platform: Platform,
    signal: AbortSignal,
  ): Promise<BaseImage> {
    const { id } = numbers.single(`load ${reference} for ${formatPlatform(platform)}`);
    const { onEvent } = request;
    onEvent({ type: 'started', step: id, at: new Date() });
    try {
      const image = await request.imageSource.resolve(reference, {
        platform,
        pull: request.pull,
        onProgress: (progress) => onEvent({ type: 'fetching', step: id, progress }),
        signal,
      });
      lease.hold([image.id, ...image.config.rootfs.diff_ids]);
      onEvent({ type: 'done', step: id, at: new Date(), cached: false });
      const { os, architecture, variant } = image.config;
      return {
        reference,
        platform: architecture === '' ? platform : { os, architecture, ...(variant ? { variant } : {}) },
        config: image.config,
      };
    } catch (error) {
      onEvent({ type: 'failed', step: id, at: new Date(), message: messageOf(error) });
      throw error;
    }
  }

  async function importCache(
    request: BuildRequest,
    lease: Lease,
    numbers: StepNumbers,
    reference: string,
    platform: Platform,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await resolveImage(request, lease, numbers, reference, platform, signal);
      const image = await request.imageSource.resolve(reference, {
        ...{ platform, pull: false, signal },
        onProgress: () => {},
      });
      const entries = parseInlineCache(await parts.content.read(image.id, maxConfigBytes));
      for (const { keys, diffId, createdAt, description } of entries) {
        if (diffId !== undefined && !layers.has(diffId)) continue;
        const sizeBytes = diffId === undefined ? 0 : layers.sizeOf(diffId);
        for (const [index, key] of keys.entries()) {
          cache.record(key, { diffId, createdAt, description, sizeBytes: index === 0 ? sizeBytes : 0 });
        }
      }
      if (entries.length === 0) request.onEvent({ type: 'note', text: `${reference} has no inline cache` });
    } catch (error) {
      signal.throwIfAborted();
      request.onEvent({ type: 'note', text: `no cache from ${reference}: ${messageOf(error)}` });
    }
  }

  async function keepImage(chain: Chain, runConfig: ImageRunConfig): Promise<Digest> {
    const { os, architecture, variant } = parts.hostPlatform;
    const config: ImageConfig = {
      created: new Date().toISOString(),
      ...{ architecture, os, ...(variant === undefined ? {} : { variant }) },
      config: runConfig,
      rootfs: { type: 'layers', diff_ids: [...chain] },
    };
    const id = await parts.content.put(Buffer.from(JSON.stringify(config)));
    parts.images.add({ id, config });
    return id;
  }

  async function recordImage(
    request: BuildRequest,
    config: ReturnType<typeof makeImageConfig>,
    inlineCache: readonly InlineCacheEntry[] | undefined,
  ): Promise<BuildResult> {
    request.signal.throwIfAborted();
    const cached = inlineCache === undefined ? {} : formatInlineCache(inlineCache);
    const id = await parts.content.put(Buffer.from(JSON.stringify({ ...config, ...cached })));
    const references = request.tags.map(withDefaultTag);
    database.transaction(() => {
      parts.images.add({ id, config });
      for (const reference of references) parts.images.setTag(canonicalTag(reference), id);
    });
    await Promise.all([layers.durable(), database.durable()]);
    const tags = references.map(familiarName);
    request.onEvent({ type: 'image', id, tags });
    return { id, tags };
  }

  return {
    build,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    async restore() {
      for (const entry of fs.readdirSync(workDirectory, { withFileTypes: true })) {
        const left = path.join(workDirectory, entry.name);
        const root = path.join(left, 'root');
        if (entry.isDirectory()) await quietly('unmount a left build root', () => mounter.unmount(root))();
        await quietly('remove a left build directory', () => removeTree(left))();
      }
      for (const name of fs.readdirSync(parts.runDirectory)) {
        fs.rmSync(path.join(parts.runDirectory, name), { force: true });
      }
    },
    prune: (options) => pruneCache({ cache, cacheMounts, collector }, options),
    cache: () => cache.list(),
  };
}

function usesCache({ noCache }: BuildRequest, { source }: PlannedStage): boolean {
  if (noCache === 'all') return false;
  return !noCache.some((name) => name === source.name || name === String(source.index));
}

type StepNumbers = ReturnType<typeof createStepNumbers>;

/** Gives steps their numbers, and announces them. */
function createStepNumbers({ onEvent }: BuildRequest) {
  let next = 0;
  return {
    /** Something that belongs to no stage. */
    single(title: string): PlannedStep {
      const step = { id: next++, stage: '', position: 1, count: 1, title };
      onEvent({ type: 'plan', steps: [step] });
      return step;
    },
    add(
      plan: BuildPlan,
      evaluated: ReadonlyMap<PlannedStage, EvaluatedStage>,
    ): Map<Step | PlannedStage, PlannedStep> {
      const numbered = new Map<Step | PlannedStage, PlannedStep>();
      for (const stage of plan.stages) {
        const { steps } = evaluated.get(stage) ?? { steps: [] };
        const name = stage.source.name ?? String(stage.source.index);
        const count = steps.length + 1;
        numbered.set(stage, { id: next++, stage: name, position: 1, count, title: stage.source.from.text });
        for (const [index, step] of steps.entries()) {
          numbered.set(step, { id: next++, stage: name, position: index + 2, count, title: step.title });
        }
      }
      onEvent({ type: 'plan', steps: [...numbered.values()] });
      return numbered;
    },
  };
}
