import { checkCasing } from '#build/checks/check-casing.ts';
import { checkDescriptions } from '#build/checks/check-descriptions.ts';
import { checkFrom } from '#build/checks/check-from.ts';
import { checkStages } from '#build/checks/check-stages.ts';
import type { Finding } from '#build/checks/finding.ts';
import { isExperimental, type RuleName, ruleUrl } from '#build/checks/rules.ts';
import { type CheckSettings, readCheckSettings } from '#build/checks/settings.ts';
import { renderExcerpt } from '#build/dockerfile/source.ts';
import type { Dockerfile } from '#build/dockerfile.ts';
import type { BuildWarning } from '#build/events.ts';
import type { BuildPlatforms } from '#build/plan/platforms.ts';

export type { Finding } from '#build/checks/finding.ts';

/**
 * Collects what the rules complain of, in the order of the file and each thing once. Some rules look at the file alone, others
 * at what only the evaluation of the stages sees; the latter report here too.
 */
export interface CheckRun {
  report(finding: Finding): void;
  findings(): Finding[];
  /** Whether findings fail the build. */
  error: boolean;
}

/** Runs the rules that need nothing but the file. @throws InvalidParameter for malformed settings of the checks */
export function startChecks(
  dockerfile: Dockerfile,
  options: { platforms: BuildPlatforms; buildArgs: ReadonlyMap<string, string> },
): CheckRun {
  const settings = readCheckSettings(dockerfile, options.buildArgs);
  const found = new Map<string, Finding>();
  const report = (finding: Finding): void => {
    if (!isOn(settings, finding.rule)) return;
    const { start } = finding.range;
    found.set(
      `${finding.source.name} ${start.line} ${start.column} ${finding.rule} ${finding.message}`,
      finding,
    );
  };
  checkStages(dockerfile, report);
  checkCasing(dockerfile, report);
  checkFrom(dockerfile, options.platforms, report);
  checkDescriptions(dockerfile, report);
  return {
    report,
    findings: () =>
      [...found.values()].sort(
        ({ range: a }, { range: b }) => a.start.line - b.start.line || a.start.column - b.start.column,
      ),
    error: settings.error,
  };
}

function isOn({ skip, experimental }: CheckSettings, rule: RuleName): boolean {
  if (skip === 'all' || skip.has(rule)) return false;
  return !isExperimental(rule) || experimental === 'all' || experimental.has(rule);
}

/** A finding without the file around it. */
export function toWarning({ rule, message, source, range }: Finding): BuildWarning {
  return {
    rule,
    message,
    url: ruleUrl(rule),
    file: source.name,
    line: range.start.line,
    excerpt: renderExcerpt(source, range),
  };
}

/** For a person: rule, place, message, page, and the lines. */
export function formatWarning({ rule, message, url, file, line, excerpt }: BuildWarning): string {
  return [`${file}:${line}: ${rule}: ${message}`, url, excerpt].join('\n');
}
