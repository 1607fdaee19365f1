import type { Report } from '#build/checks/finding.ts';
import { applySetting, applyWorkdir } from '#build/evaluate/evaluate-config.ts';
import { evaluateCopy } from '#build/evaluate/evaluate-copy.ts';
import { evaluateRun } from '#build/evaluate/evaluate-run.ts';
import { configOf, type EvaluateContext, type StageState, stateOf } from '#build/evaluate/stage-state.ts';
import type { BuildPlan, PlannedBase, PlannedStage } from '#build/plan/plan.ts';
import { createExpander } from '#build/plan/scope.ts';
import type { CopyStep, EvaluatedStage, Step } from '#build/steps.ts';

/** What `$PATH` means, in the build and in its image, where a base sets none. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EvaluateOptions {
  buildArgs: ReadonlyMap<string, string>;
  /** Told of what the checks complain of and only the evaluation sees. */
  report: Report;
}

/**
 * Runs through the instructions of all planned stages without executing anything: the configuration of each stage is known
 * before its first step runs, because no step can change it.
 * @throws InvalidParameter with the place
 */
export function evaluatePlan(plan: BuildPlan, options: EvaluateOptions): Map<PlannedStage, EvaluatedStage> {
  const evaluated = new Map<PlannedStage, EvaluatedStage>();
  const states = new Map<PlannedStage, StageState>();
  for (const stage of plan.stages) {
    const state = startState(plan, stage.base, states);
    const steps = stage.instructions.map((placed): Step => {
      const { source } = placed;
      const { escapeMark, globals } = plan;
      const expander = createExpander({
        ...{ source, escapeMark, scope: state.scope, budget: globals.budget, report: options.report },
      });
      return evaluateInstruction({ state, placed, source, expander, globals, ...options });
    });
    if (stage.base.kind === 'context') steps.unshift(copyContext(plan, stage, stage.base.name));
    states.set(stage, state);
    const { author } = state;
    const config = configOf(state);
    evaluated.set(stage, { stage, steps, config, ...(author === undefined ? {} : { author }) });
  }
  return evaluated;
}

/** A stage that stands on another one goes on with its variables, arguments included. */
function startState(
  { globals }: BuildPlan,
  base: PlannedBase,
  states: ReadonlyMap<PlannedStage, StageState>,
): StageState {
  const parent = base.kind === 'stage' ? states.get(base.stage) : undefined;
  const inherited =
    parent?.config ?? (base.kind === 'image' ? (base.image.config.config ?? {}) : { WorkingDir: '/' });
  // The triggers have come into force here.
  const { OnBuild: _, ...config } = inherited;
  const author = parent?.author ?? (base.kind === 'image' ? base.image.config.author : undefined);
  const state = stateOf(config, author);
  if (parent) {
    state.scope = { env: new Map(parent.scope.env), args: new Map(parent.scope.args) };
    state.labels = new Map(parent.labels);
    state.ports = new Set(parent.ports);
    state.volumes = new Set(parent.volumes);
  }
  const { scope, labels, ports, volumes } = state;
  if (!scope.env.has('PATH')) scope.env.set('PATH', defaultPath);
  globals.budget.spendEntries(scope.env.size + scope.args.size + labels.size + ports.size + volumes.size);
  return state;
}

/** FROM a directory: its files are those of an image without settings. */
function copyContext({ source }: BuildPlan, { source: { from } }: PlannedStage, name: string): CopyStep {
  const title = `COPY --from=${name} . /`;
  return {
    ...{ kind: 'copy', verb: 'COPY', source, range: from.range, title, createdBy: title },
    from: { kind: 'context', name },
    sources: [{ kind: 'path', path: '.', range: from.image.range }],
    ...{ destination: '/', destinationIsDirectory: true, excludes: [] },
    ...{ link: false, parents: false, keepGitDirectory: false },
  };
}

function evaluateInstruction(context: EvaluateContext): Step {
  const { state, source } = context;
  const { instruction } = context.placed;
  const { range } = instruction;
  const metadata = (text: string): Step => ({
    kind: 'metadata',
    instruction: instruction.type,
    source,
    range,
    title: text,
    createdBy: text,
  });
  switch (instruction.type) {
    case 'RUN':
      return evaluateRun(context, instruction);
    case 'COPY':
    case 'ADD':
      return evaluateCopy(context, instruction);
    case 'WORKDIR': {
      const text = applyWorkdir(context, instruction);
      const { WorkingDir: path = '/', User: user = '' } = state.config;
      return { kind: 'workdir', path, user, source, range, title: text, createdBy: text };
    }
    default:
      return metadata(applySetting(context, instruction));
  }
}
