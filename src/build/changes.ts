import { decodeInstruction } from '#build/dockerfile/decode/instruction.ts';
import { parseTree } from '#build/dockerfile/parse-tree.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { parseTrigger } from '#build/dockerfile.ts';
import { applySetting, type SettingInstruction } from '#build/evaluate/evaluate-config.ts';
import { configOf, stateOf } from '#build/evaluate/stage-state.ts';
import { createBudget } from '#build/expand/budget.ts';
import { createExpander } from '#build/plan/scope.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageRunConfig } from '#image/config.ts';

/** What changes nothing but the configuration, and of that no more than Docker lets a change touch. */
const allowed: ReadonlySet<string> = new Set<SettingInstruction['type']>([
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);

/**
 * The Dockerfile instructions that `--change` of `import` and `commit` takes, applied to a configuration. Variables are
 * those of its environment.
 * @throws InvalidParameter with the place and what is wrong
 */
export function applyChanges(changes: readonly string[], base: ImageRunConfig = {}): ImageRunConfig {
  const { source, directives, nodes } = parseTree('--change', Buffer.from(changes.join('\n')));
  if (nodes.length === 0 && changes.length > 0) {
    throw new DhowError('InvalidParameter', '--change has no instruction');
  }
  const state = stateOf(base);
  const { scope } = state;
  const globals = { scope: { env: new Map(), args: new Map() }, budget: createBudget() };
  const escapeMark = directives.escape;
  const report = (): void => {};
  for (const node of nodes) {
    const instruction = allowed.has(node.name) ? decodeInstruction({ source, escapeMark, node }) : undefined;
    if (!instruction || !isSetting(instruction)) {
      const message = `${node.name} is not a valid change: it must be one of ${[...allowed].join(', ')}`;
      throw dockerfileError(source, node.keyword.range, message);
    }
    if (instruction.type === 'ONBUILD') parseTrigger({ directives }, source.name, instruction.trigger);
    const expander = createExpander({ source, escapeMark, scope, budget: globals.budget });
    applySetting({ state, source, expander, globals, buildArgs: new Map(), report }, instruction);
  }
  return configOf(state);
}

function isSetting(instruction: { type: string }): instruction is SettingInstruction {
  return allowed.has(instruction.type);
}
