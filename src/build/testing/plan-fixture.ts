import { type CheckRun, startChecks } from '#build/checks.ts';
import { type Dockerfile, parseDockerfile } from '#build/dockerfile.ts';
import { evaluatePlan } from '#build/evaluate.ts';
import type { BaseImage, BuildPlan, PlannedStage, ResolveImage } from '#build/plan/plan.ts';
import { planBuild } from '#build/plan/plan-build.ts';
import type { NamedContext } from '#build/request.ts';
import type { EvaluatedStage } from '#build/steps.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageConfig, ImageRunConfig } from '#image/config.ts';

export const amd64 = { os: 'linux', architecture: 'amd64' };

export interface Planned {
  dockerfile: Dockerfile;
  plan: BuildPlan;
  evaluated: Map<PlannedStage, EvaluatedStage>;
  target: EvaluatedStage;
  checks: CheckRun;
  /** Images that were asked for, as `platform reference`. */
  asked: string[];
}

export interface PlanFixtureOptions {
  target?: string;
  buildArgs?: Record<string, string>;
  /** Configurations of images by reference; others have an empty one. A reference that ends in `missing` is not found. */
  images?: Record<string, ImageRunConfig>;
  contexts?: Record<string, NamedContext>;
  targetPlatform?: { os: string; architecture: string; variant?: string };
}

/** Parses, plans and evaluates a Dockerfile against images that are just configurations. */
export async function planText(text: string, options: PlanFixtureOptions = {}): Promise<Planned> {
  const dockerfile = parseDockerfile('Dockerfile', Buffer.from(text));
  const buildArgs = new Map(Object.entries(options.buildArgs ?? {}));
  const platforms = { build: amd64, target: options.targetPlatform ?? amd64 };
  const asked: string[] = [];
  const resolveImage: ResolveImage = async ({ reference, platform }) => {
    asked.push(`${platform.os}/${platform.architecture} ${reference}`);
    if (reference.endsWith('missing')) throw new DhowError('NotFound', `no image ${reference}`);
    const config: ImageConfig = {
      architecture: platform.architecture,
      os: platform.os,
      config: options.images?.[reference] ?? {},
      rootfs: { type: 'layers', diff_ids: [] },
    };
    return { reference, platform, config } satisfies BaseImage;
  };
  const checks = startChecks(dockerfile, { platforms, buildArgs });
  const contexts = new Map(Object.entries(options.contexts ?? {}));
  const plan = await planBuild(dockerfile, {
    target: options.target ?? '',
    ...{ buildArgs, platforms, contexts, resolveImage },
  });
  const evaluated = evaluatePlan(plan, { buildArgs, report: checks.report });
  const target = evaluated.get(plan.target);
  if (target === undefined) throw new Error('the target was not evaluated');
  return { dockerfile, plan, evaluated, target, checks, asked };
}
