import type { Report } from '#build/checks/finding.ts';
import type { EvaluatedStage } from '#build/steps.ts';
import { cleanPath } from '#dockerignore/clean-path.ts';
import type { IgnoreRules } from '#dockerignore/ignore-rules.ts';

/** Sources in the build context that the ignore file keeps out of it. */
export function checkIgnored(stages: Iterable<EvaluatedStage>, ignored: IgnoreRules, report: Report): void {
  for (const { steps } of stages) {
    for (const step of steps) {
      if (step.kind !== 'copy' || step.from !== undefined) continue;
      for (const source of step.sources) {
        if (source.kind !== 'path') continue;
        const path = cleanPath(`/${source.path}`).slice(1);
        if (path === '' || !ignored.excludes(path)) continue;
        report({
          rule: 'CopyIgnoredFile',
          message: `"${source.path}" is kept out of the context by .dockerignore`,
          source: step.source,
          range: source.range,
        });
      }
    }
  }
}
