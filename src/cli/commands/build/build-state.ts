import type { BuildEventMessage, BuildStepMessage, BuildWarningMessage } from '#wire/build.ts';

/** What is known of a step, for all ways to show it. */
export interface StepView {
  step: BuildStepMessage;
  state: 'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'cancelled';
  startedAt: number;
  endedAt: number;
  /** Of a command that failed. */
  exitCode?: number;
  /** The last lines of its output; the last one may not be complete. */
  tail: string[];
  /** How far the fetching of an image is. */
  fetching: Map<string, { status: string; current?: number; total?: number }>;
}

export interface BuildView {
  steps: StepView[];
  warnings: BuildWarningMessage[];
  notes: string[];
  image?: BuiltImages;
  /** The image that carries the build cache. */
  cacheId?: string;
}

/** What a build made. */
export interface BuiltImages {
  /** What the tags point at. */
  id: string;
  tags: readonly string[];
  /** One for each platform. */
  images: readonly { id: string; platform: string }[];
}

const tailLines = 20;

export function createBuildView(): BuildView {
  return { steps: [], warnings: [], notes: [] };
}

/** @returns the step that the event is about */
export function applyEvent(view: BuildView, event: BuildEventMessage): StepView | undefined {
  if (event.type === 'plan') {
    for (const step of event.steps) {
      view.steps[step.id] = {
        step,
        state: 'waiting',
        startedAt: 0,
        endedAt: 0,
        tail: [''],
        fetching: new Map(),
      };
    }
    return undefined;
  }
  if (event.type === 'warning') {
    view.warnings.push(event.warning);
    return undefined;
  }
  if (event.type === 'note') {
    view.notes.push(event.text);
    return undefined;
  }
  if (event.type === 'image') {
    const { id, tags, images } = event;
    view.image = { id, tags, images };
    return undefined;
  }
  if (event.type === 'cache') {
    view.cacheId = event.id;
    return undefined;
  }
  const found = view.steps[event.step];
  if (found === undefined) return undefined;
  switch (event.type) {
    case 'started':
      found.state = 'running';
      found.startedAt = event.at;
      break;
    case 'log': {
      const lines = ((found.tail.pop() ?? '') + event.text).split('\n');
      found.tail.push(...lines);
      found.tail.splice(0, found.tail.length - tailLines);
      break;
    }
    case 'fetching': {
      const { layer = '', ...progress } = event.progress;
      found.fetching.set(layer, progress);
      break;
    }
    default:
      if (event.type === 'failed' && event.exitCode !== undefined) found.exitCode = event.exitCode;
      found.endedAt = event.at;
      found.state = event.type === 'done' ? (event.cached ? 'cached' : 'done') : event.type;
  }
  return found;
}

/** `[build 2/5] RUN make`. */
export function stepTitle({ stage, position, count, title }: BuildStepMessage): string {
  const line = title.split('\n', 1)[0] ?? '';
  if (stage === '') return line;
  const name = stage.replace(/(?:^|(?<= ))\d+$/, 'stage-$&');
  return `[${name} ${position}/${count}] ${line}`;
}

export function seconds(view: StepView, now: number): string {
  return `${((Math.max(view.endedAt || now, view.startedAt) - view.startedAt) / 1000).toFixed(1)}s`;
}
