import type { BuildEvent, PlannedStep } from '#engine/builds.ts';
import type { ProgressMessage } from '#wire/progress.ts';

interface StepState {
  step: PlannedStep;
  /** `Step 3/9`; counts over all stages. */
  header: string;
  /** What waits for the steps before it. */
  held: ProgressMessage[];
  heldLength: number;
  begun: boolean;
  over: boolean;
  decoders: Record<'stdout' | 'stderr', TextDecoder>;
}

/** What a step whose turn has not come may have said; more is dropped. */
const maxHeldLength = 4 * 1024 * 1024;

/**
 * Turns what a build tells into the lines of Docker's first builder, which its clients print and parse. Steps that run side
 * by side come one after the other in the order of the plan: what a later one says is held until those before it are over.
 */
export function createClassicEncoder(): (event: BuildEvent) => ProgressMessage[] {
  const states = new Map<number, StepState>();
  const order: StepState[] = [];
  let current = 0;

  function add(steps: readonly PlannedStep[]): void {
    const numbered = steps.filter(({ stage }) => stage !== '');
    for (const [index, step] of numbered.entries()) {
      const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
      const header = `Step ${index + 1}/${numbered.length} : ${step.title.replaceAll('\n', ' ')}\n`;
      const state = { step, header, held: [], heldLength: 0, begun: false, over: false, decoders };
      states.set(step.id, state);
      order.push(state);
    }
  }

  /** Everything that may be said now. */
  function release(): ProgressMessage[] {
    const messages: ProgressMessage[] = [];
    for (let state = order[current]; state?.begun; state = order[current]) {
      messages.push(...state.held.splice(0));
      state.heldLength = 0;
      if (!state.over) break;
      current++;
    }
    return messages;
  }

  return (event) => {
    if (event.type === 'plan') {
      add(event.steps);
      return [];
    }
    if (event.type === 'warning') {
      const { rule, message, file, line } = event.warning;
      return [{ stream: `[Warning] ${file}:${line}: ${rule}: ${message}\n` }];
    }
    if (event.type === 'note') return [{ stream: `${event.text}\n` }];
    if (event.type === 'image') return encodeImage(event);
    if (event.type === 'cache') return [];
    if (event.type === 'fetching') return [encodeFetch(event)];
    const state = states.get(event.step);
    if (state === undefined) return [];
    switch (event.type) {
      case 'started':
        state.begun = true;
        state.held.push({ stream: state.header });
        return release();
      case 'log': {
        const text = state.decoders[event.stream].decode(event.bytes, { stream: true });
        state.heldLength += text.length;
        if (text !== '' && state.heldLength <= maxHeldLength) state.held.push({ stream: text });
        return release();
      }
      case 'done':
        state.over = true;
        if (event.cached && state.step.position > 1) state.held.push({ stream: ' ---> Using cache\n' });
        return release();
      case 'failed':
        // What it said explains the failure, whoever's turn it is.
        state.over = true;
        return state.held.splice(0);
      default:
        return [];
    }
  };
}

function encodeImage({ id, tags }: BuildEvent & { type: 'image' }): ProgressMessage[] {
  const short = id.replace(/^sha256:/, '').slice(0, 12);
  return [
    { aux: { ID: id } },
    { stream: `Successfully built ${short}\n` },
    ...tags.map((tag) => ({ stream: `Successfully tagged ${tag}\n` })),
  ];
}

function encodeFetch({ progress }: BuildEvent & { type: 'fetching' }): ProgressMessage {
  const { layer, status, current, total } = progress;
  const shown = status.charAt(0).toUpperCase() + status.slice(1);
  return {
    status: shown,
    ...(layer === undefined ? {} : { id: layer }),
    ...(current === undefined
      ? {}
      : { progressDetail: { current, ...(total === undefined ? {} : { total }) } }),
  };
}
