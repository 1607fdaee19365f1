import type { RuleName } from '#build/checks/rules.ts';
import type { SourceRange, SourceText } from '#build/dockerfile/source.ts';

/** A place in a Dockerfile that a rule complains of. */
export interface Finding {
  rule: RuleName;
  message: string;
  source: SourceText;
  range: SourceRange;
}

export type Report = (finding: Finding) => void;
