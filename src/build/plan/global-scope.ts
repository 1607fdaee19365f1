import type { Dockerfile } from '#build/dockerfile.ts';
import { type Budget, createBudget } from '#build/expand/budget.ts';
import { type BuildPlatforms, platformArguments } from '#build/plan/platforms.ts';
import { createExpander, type Scope } from '#build/plan/scope.ts';

export interface GlobalScope {
  /** The platform arguments and those that are declared before the first FROM, build arguments considered. */
  scope: Scope;
  /** What is left of it. */
  budget: Budget;
}

/** Evaluates the ARG instructions before the first FROM. @throws InvalidParameter */
export function evaluateGlobals(
  { source, directives, globalArgs }: Pick<Dockerfile, 'source' | 'directives' | 'globalArgs'>,
  options: { platforms: BuildPlatforms; targetStage: string; buildArgs: ReadonlyMap<string, string> },
): GlobalScope {
  const args = new Map<string, string | undefined>(platformArguments(options.platforms, options.targetStage));
  for (const name of args.keys()) {
    const given = options.buildArgs.get(name);
    if (given !== undefined) args.set(name, given);
  }
  const scope: Scope = { env: new Map(), args };
  const budget = createBudget();
  const expander = createExpander({ source, escapeMark: directives.escape, scope, budget });
  for (const instruction of globalArgs) {
    for (const { name, value } of instruction.args) {
      const given = options.buildArgs.get(name.text);
      if (given !== undefined) args.set(name.text, given);
      else if (value !== undefined) args.set(name.text, expander.word(value));
      // `ARG TARGETARCH` only mentions what is there anyway.
      else if (!args.has(name.text)) args.set(name.text, undefined);
    }
  }
  return { scope, budget };
}
