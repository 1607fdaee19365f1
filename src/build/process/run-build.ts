import { mergeCacheEntries } from '#build/cache/cache-entries.ts';
import { checkIgnored } from '#build/checks/check-ignored.ts';
import { type CheckRun, formatWarning, startChecks, toWarning } from '#build/checks.ts';
import type { Dockerfile } from '#build/dockerfile.ts';
import { evaluatePlan } from '#build/evaluate.ts';
import type { BuiltImage } from '#build/events.ts';
import { type BuiltStages, buildStages } from '#build/execute/build-stages.ts';
import type { StepsUnderWay } from '#build/execute/execute-step.ts';
import { type BuildSession, type ExecuteParts, openSession } from '#build/execute/session.ts';
import type { PlannedStage } from '#build/plan/plan.ts';
import { planBuild } from '#build/plan/plan-build.ts';
import { createImageFinder, type ImageFinder } from '#build/process/find-images.ts';
import { makeImageConfig } from '#build/process/make-image.ts';
import { openContexts } from '#build/process/open-contexts.ts';
import { readDefinition } from '#build/process/read-definition.ts';
import { type RecordParts, recordCacheImage, recordImages } from '#build/process/record-images.ts';
import { createStepNumbers, type NumberedSteps, type PlatformPlan } from '#build/process/step-numbers.ts';
import type { BuildRequest } from '#build/request.ts';
import type { EvaluatedStage } from '#build/steps.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig, ImageRunConfig } from '#image/config.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, type Platform, platformOfConfig } from '#image/platform.ts';
import { familiarName, withDefaultTag } from '#image/reference.ts';
import type { Lease } from '#store/images.ts';

export interface RunBuildParts {
  execute: ExecuteParts;
  record: RecordParts;
  underWay: StepsUnderWay;
}

export interface BuildResult {
  /** What the tags point at. */
  id: Digest;
  /** Familiar names that it was given. */
  tags: string[];
  /** One for each platform. */
  images: BuiltImage[];
  /** The image that carries the build cache, if one was asked for. */
  cacheId?: Digest;
}

/** See `Builder.build`; the lease holds what the build looks at and makes. */
export async function runBuild(
  parts: RunBuildParts,
  request: BuildRequest,
  lease: Lease,
): Promise<BuildResult | undefined> {
  const { execute, record } = parts;
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  await using held = new AsyncDisposableStack();
  const contexts = await openContexts(execute, request, held, request.signal);
  const { dockerfile, ignored } = await readDefinition(request, contexts.own);

  const numbers = createStepNumbers(request.onEvent);
  const finder = createImageFinder(
    { content: record.content, layers: record.layers, cache: execute.cache },
    ...([request, lease, numbers, signal] as const),
  );
  const { hostPlatform } = record;
  const targets = request.platforms.length === 0 ? [hostPlatform] : request.platforms;
  const [firstTarget = hostPlatform] = targets;
  const checks = startChecks(dockerfile, {
    platforms: { build: hostPlatform, target: firstTarget },
    buildArgs: request.buildArgs,
  });
  const plans = await Promise.all(
    targets.map((target) =>
      planPlatform(dockerfile, request, { build: hostPlatform, target }, finder, checks),
    ),
  );
  if (ignored) for (const { evaluated } of plans) checkIgnored(evaluated.values(), ignored, checks.report);
  tellFindings(dockerfile, request, checks);
  if (request.checkOnly) return undefined;

  for (const reference of request.cacheFrom) {
    for (const platform of targets) await finder.importCache(reference, platform);
  }
  const keepImage: BuildSession['keepImage'] = (chain, runConfig, platform) =>
    keepFailedImage(record, chain, runConfig, platform);
  const session = held.use(openSession(execute, request, contexts, keepImage, signal));
  const steps = numbers.add(plans, ({ plan }) =>
    plans.length === 1 ? '' : `${formatPlatform(plan.target.platform)} `,
  );
  const built = await buildPlans(parts, session, plans, steps, (reason) => stop.abort(reason));

  const made = built.map(({ target, result }) => ({
    config: makeImageConfig(session, target, result.target),
    inlineCache: request.inlineCache ? result.target.cacheEntries : [],
  }));
  const { id, images } = await recordImages(record, request, made);
  const tags = request.tags.map((tag) => familiarName(withDefaultTag(tag)));
  const shown = images.map((image) => ({ id: image.id, platform: formatPlatform(image.platform) }));
  request.onEvent({ type: 'image', id, tags, images: shown });
  if (request.cacheImage === undefined) return { id, tags, images: shown };
  const entries = mergeCacheEntries(built.flatMap(({ result }) => result.all.map((one) => one.cacheEntries)));
  const cacheId = await recordCacheImage(record, request.cacheImage.tags, entries);
  request.onEvent({ type: 'cache', id: cacheId });
  return { id, tags, images: shown, cacheId };
}

async function planPlatform(
  dockerfile: Dockerfile,
  { target, buildArgs, contexts }: BuildRequest,
  platforms: { build: Platform; target: Platform },
  finder: ImageFinder,
  checks: CheckRun,
): Promise<PlatformPlan> {
  const plan = await planBuild(dockerfile, {
    ...{ target, buildArgs, contexts, platforms },
    resolveImage: ({ reference, platform }) => finder.base(reference, platform),
  });
  return { plan, evaluated: evaluatePlan(plan, { buildArgs, report: checks.report }) };
}

function tellFindings({ source }: Dockerfile, { onEvent }: BuildRequest, checks: CheckRun): void {
  const warnings = checks.findings().map(toWarning);
  for (const warning of warnings) onEvent({ type: 'warning', warning });
  if (!checks.error || warnings.length === 0) return;
  throw new DhowError(
    'InvalidParameter',
    `the checks of ${source.name} complain, and check=error=true fails the build:\n\n${warnings.map(formatWarning).join('\n\n')}`,
  );
}

/** Builds all platforms side by side. A step that several have in common, such as one of the build platform, runs once. */
async function buildPlans(
  { execute, underWay }: RunBuildParts,
  session: BuildSession,
  plans: readonly PlatformPlan[],
  steps: NumberedSteps,
  abort: (reason: unknown) => void,
): Promise<{ target: EvaluatedStage; result: BuiltStages }[]> {
  const { request } = session;
  const settled = await Promise.allSettled(
    plans.map(async ({ plan, evaluated }) => {
      const target = evaluated.get(plan.target);
      if (target === undefined) throw new DhowError('Internal', 'the target of a build was not evaluated');
      const result = await buildStages({
        ...{ plan, evaluated, session, underWay, steps, abort, cache: execute.cache },
        useCache: (stage) => usesCache(request, stage),
        onEvent: request.onEvent,
      });
      return { target, result };
    }),
  );
  return settled.map((one) => {
    // The first failure has ended the others, which then fail with it.
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

async function keepFailedImage(
  { content, images }: RecordParts,
  chain: readonly Digest[],
  runConfig: ImageRunConfig,
  platform: Platform,
): Promise<Digest> {
  const config: ImageConfig = {
    created: new Date().toISOString(),
    ...platformOfConfig(platform),
    config: runConfig,
    rootfs: { type: 'layers', diff_ids: [...chain] },
  };
  const id = await content.put(Buffer.from(JSON.stringify(config)));
  images.add({ id, config });
  return id;
}

function usesCache({ noCache }: BuildRequest, { source }: PlannedStage): boolean {
  if (noCache === 'all') return false;
  return !noCache.some((name) => name === source.name || name === String(source.index));
}
