import { dockerfileError, type SourceRange, type SourceText } from '#build/dockerfile/source.ts';
import { type Dockerfile, parseTrigger, type StageSource } from '#build/dockerfile.ts';
import { evaluateGlobals } from '#build/plan/global-scope.ts';
import type {
  BaseImage,
  BuildPlan,
  PlannedBase,
  PlannedInstruction,
  PlannedOrigin,
  PlannedStage,
  ResolveImage,
} from '#build/plan/plan.ts';
import type { BuildPlatforms } from '#build/plan/platforms.ts';
import { type Origin, resolveBase, resolveFrom } from '#build/plan/stage-base.ts';
import { findTarget } from '#build/plan/target.ts';
import type { NamedContexts } from '#build/request.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { formatPlatform, type Platform } from '#image/platform.ts';

export interface PlanOptions {
  /** Name or number of a stage; '' is the last. */
  target: string;
  buildArgs: ReadonlyMap<string, string>;
  platforms: BuildPlatforms;
  contexts: NamedContexts;
  resolveImage: ResolveImage;
}

/**
 * Decides what has to be built for the target: walks from it to all stages and images that it stands on, copies from or
 * mounts. Images are looked up at the same time; the triggers that they bring may need further stages.
 * @throws InvalidParameter (cycles, unknown stage numbers), NotFound (target), what `resolveImage` throws; all with the place
 */
export async function planBuild(dockerfile: Dockerfile, options: PlanOptions): Promise<BuildPlan> {
  const { source, directives, stages } = dockerfile;
  const targetSource = findTarget(dockerfile, options.target);
  const globals = evaluateGlobals(dockerfile, {
    ...options,
    targetStage: options.target === '' ? 'default' : options.target,
  });
  const planned = new Map<number, Promise<PlannedStage>>();
  const images = new Map<string, Promise<BaseImage>>();
  const needs = new Map<StageSource, StageSource[]>();

  function resolveImage(reference: string, platform: Platform, text: SourceText, range: SourceRange) {
    const key = `${formatPlatform(platform)} ${reference}`;
    let image = images.get(key);
    if (image === undefined) {
      image = options.resolveImage({ reference, platform, source: text, range }).catch((error: unknown) => {
        throw dockerfileError(text, range, messageOf(error), kindOf(error));
      });
      images.set(key, image);
    }
    return image;
  }

  function planStage(stage: StageSource): Promise<PlannedStage> {
    let result = planned.get(stage.index);
    if (result === undefined) {
      result = planNewStage(stage);
      // It is awaited by whoever needs it; until then a failure is nobody's.
      result.catch(() => {});
      planned.set(stage.index, result);
    }
    return result;
  }

  async function planNewStage(stage: StageSource): Promise<PlannedStage> {
    const resolved = resolveBase(dockerfile, stage, globals, options.contexts);
    const platform = resolved.platform ?? options.platforms.target;
    const base = await planOrigin(resolved.origin, platform, source, stage.from.image.range, stage);
    const triggers = triggersOf(base).map((text) => parseTrigger(dockerfile, originName(base), text));
    const instructions = await Promise.all([
      ...triggers.map((trigger) => planInstruction({ ...trigger, trigger: true })),
      ...stage.instructions.map((instruction) => planInstruction({ instruction, source, trigger: false })),
    ]);
    return { source: stage, base, platform: platformOfBase(base, platform), instructions };

    async function planInstruction(
      placed: Pick<PlannedInstruction, 'instruction' | 'source' | 'trigger'>,
    ): Promise<PlannedInstruction> {
      const { instruction } = placed;
      const mountFrom = new Map<number, PlannedOrigin>();
      if (instruction.type === 'RUN') {
        for (const [position, { options: mount, range }] of instruction.mounts.entries()) {
          const name = mount.get('from');
          if (name) mountFrom.set(position, await planFrom(name, placed.source, range));
        }
      }
      if (instruction.type !== 'COPY' || instruction.from === undefined) return { ...placed, mountFrom };
      const { text, range } = instruction.from;
      return { ...placed, mountFrom, from: await planFrom(text, placed.source, range) };
    }

    function planFrom(name: string, text: SourceText, range: SourceRange): Promise<PlannedOrigin> {
      const origin = resolveFrom(stages, name, options.contexts);
      if (origin === undefined) {
        const count = stages.length === 1 ? 'one stage' : `${stages.length} stages, the first is 0`;
        throw dockerfileError(text, range, `there is no stage ${name}: ${source.name} has ${count}`);
      }
      return planOrigin(origin, platform, text, range, stage);
    }
  }

  async function planOrigin(
    origin: Origin,
    platform: Platform,
    text: SourceText,
    range: SourceRange,
    neededBy: StageSource,
  ): Promise<PlannedOrigin> {
    if (origin.kind === 'scratch' || origin.kind === 'context') return origin;
    if (origin.kind === 'image') {
      return { kind: 'image', image: await resolveImage(origin.reference, platform, text, range) };
    }
    const stage = stages[origin.index] as StageSource;
    noteNeed(neededBy, stage, text, range);
    return { kind: 'stage', stage: await planStage(stage) };
  }

  /** Before it is waited for: stages that need each other would wait for ever. */
  function noteNeed(stage: StageSource, needed: StageSource, text: SourceText, range: SourceRange): void {
    const back = findPath(needs, needed, stage);
    if (back !== undefined) {
      const names = [stage, ...back].map(({ name, index }) => name ?? String(index));
      throw dockerfileError(
        text,
        range,
        `a stage cannot be built because it needs itself: ${names.join(' → ')}`,
      );
    }
    needs.set(stage, [...(needs.get(stage) ?? []), needed]);
  }

  const target = await planStage(targetSource);
  return { target, stages: inOrder(target), source, globals, escapeMark: directives.escape };
}

function findPath(
  needs: ReadonlyMap<StageSource, readonly StageSource[]>,
  from: StageSource,
  to: StageSource,
  seen = new Set<StageSource>(),
): StageSource[] | undefined {
  if (from === to) return [to];
  if (seen.has(from)) return undefined;
  seen.add(from);
  for (const next of needs.get(from) ?? []) {
    const path = findPath(needs, next, to, seen);
    if (path !== undefined) return [from, ...path];
  }
  return undefined;
}

/** Triggers of an image; those of a stage of this file, too, which come into force when it is a base. */
function triggersOf(base: PlannedBase): string[] {
  if (base.kind === 'image') return base.image.config.config?.OnBuild ?? [];
  if (base.kind !== 'stage') return [];
  return base.stage.instructions.flatMap(({ instruction }) =>
    instruction.type === 'ONBUILD' ? [instruction.trigger] : [],
  );
}

function originName(base: PlannedBase): string {
  if (base.kind === 'image') return base.image.reference;
  return base.kind === 'stage' ? (base.stage.source.name ?? String(base.stage.source.index)) : base.kind;
}

/** An image for another variant, or the platform of a stage, decide over what was asked for. */
function platformOfBase(base: PlannedBase, wanted: Platform): Platform {
  if (base.kind === 'stage') return base.stage.platform;
  return base.kind === 'image' ? base.image.platform : wanted;
}

function inOrder(target: PlannedStage): PlannedStage[] {
  const order = new Set<PlannedStage>();
  function visit(stage: PlannedStage): void {
    if (order.has(stage)) return;
    const origins = [
      stage.base,
      ...stage.instructions.flatMap(({ from, mountFrom }) => [
        ...(from ? [from] : []),
        ...mountFrom.values(),
      ]),
    ];
    for (const origin of origins) if (origin.kind === 'stage') visit(origin.stage);
    order.add(stage);
  }
  visit(target);
  return [...order];
}
