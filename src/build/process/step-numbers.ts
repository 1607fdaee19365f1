import type { OnBuildEvent, PlannedStep } from '#build/events.ts';
import type { BuildPlan, PlannedStage } from '#build/plan/plan.ts';
import type { EvaluatedStage, Step } from '#build/steps.ts';

/** One platform's image: what is to be done for it, with nothing left to look up. */
export interface PlatformPlan {
  plan: BuildPlan;
  evaluated: ReadonlyMap<PlannedStage, EvaluatedStage>;
}

/** Steps, and stages for their FROM. */
export type NumberedSteps = ReadonlyMap<Step | PlannedStage, PlannedStep>;

/** Gives steps their numbers, and announces them. */
export interface StepNumbers {
  /** Something that belongs to no stage. */
  single(title: string): PlannedStep;
  /** All steps of the plans. @param name what to write before the names of a plan's stages */
  add(plans: readonly PlatformPlan[], name: (plan: PlatformPlan) => string): NumberedSteps;
}

export function createStepNumbers(onEvent: OnBuildEvent): StepNumbers {
  let next = 0;
  return {
    single(title) {
      const step = { id: next++, stage: '', position: 1, count: 1, title };
      onEvent({ type: 'plan', steps: [step] });
      return step;
    },
    add(plans, nameOf) {
      const numbered = new Map<Step | PlannedStage, PlannedStep>();
      for (const one of plans) {
        for (const stage of one.plan.stages) {
          const { steps } = one.evaluated.get(stage) ?? { steps: [] };
          const name = `${nameOf(one)}${stage.source.name ?? stage.source.index}`;
          const common = { stage: name, count: steps.length + 1 };
          numbered.set(stage, { id: next++, ...common, position: 1, title: stage.source.from.text });
          for (const [index, step] of steps.entries()) {
            numbered.set(step, { id: next++, ...common, position: index + 2, title: step.title });
          }
        }
      }
      onEvent({ type: 'plan', steps: [...numbered.values()] });
      return numbered;
    },
  };
}
