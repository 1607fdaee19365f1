import { createdTime, type StageResult } from '#build/execute/build-stages.ts';
import type { BuildSession } from '#build/execute/session.ts';
import type { EvaluatedStage } from '#build/steps.ts';
import type { ImageConfig, ImageRunConfig } from '#image/config.ts';

/**
 * The configuration of the image of a stage. The same stage gives the same bytes, times included: its id says that nothing
 * has changed.
 */
export function makeImageConfig(
  session: BuildSession,
  { stage, config, author }: EvaluatedStage,
  { chain, history, createdAt }: StageResult,
): ImageConfig {
  const { labels } = session.request;
  const base = stage.base.kind === 'image' ? stage.base.image.config : undefined;
  const created =
    createdAt === undefined
      ? (base?.created ?? createdTime(session, new Date(0)).toISOString())
      : createdTime(session, createdAt).toISOString();
  const { os, architecture, variant } = stage.platform;
  return {
    created,
    ...(author === undefined ? {} : { author }),
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: withLabels(config, labels),
    rootfs: { type: 'layers', diff_ids: [...chain] },
    history,
  };
}

function withLabels(config: ImageRunConfig, labels: Readonly<Record<string, string>>): ImageRunConfig {
  if (Object.keys(labels).length === 0) return config;
  return { ...config, Labels: { ...config.Labels, ...labels } };
}
