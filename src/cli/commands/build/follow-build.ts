import { type BuildView, createBuildView } from '#cli/commands/build/build-state.ts';
import { createLiveScreen } from '#cli/commands/build/show-live.ts';
import { createPlainScreen } from '#cli/commands/build/show-plain.ts';
import type { Output } from '#cli/context.ts';
import { failureOf } from '#cli/output/progress.ts';
import { type BuildEventMessage, buildEventId } from '#wire/build.ts';
import type { ProgressMessage } from '#wire/progress.ts';

export type ProgressKind = 'tty' | 'plain' | 'rawjson' | 'quiet';

/** @param wanted `--progress`, or what stands for it in the environment; what is not known counts as `auto` */
export function progressKind(wanted: string | undefined, isTerminal: boolean): ProgressKind {
  if (wanted === 'plain' || wanted === 'rawjson' || wanted === 'quiet' || wanted === 'tty') return wanted;
  return isTerminal ? 'tty' : 'plain';
}

export interface BuildOutcome {
  view: BuildView;
  /** Id of the image, from whichever daemon. */
  imageId?: string;
  failure?: { message: string; exitCode: number };
}

/** Shows a build until its stream ends. Another daemon than Dhow's tells text only, which is printed as it comes. */
export async function followBuild(
  messages: AsyncIterable<ProgressMessage>,
  kind: ProgressKind,
  output: Output,
): Promise<BuildOutcome> {
  const outcome: BuildOutcome = { view: createBuildView() };
  const screen =
    kind === 'tty' ? createLiveScreen(outcome.view, output) : createPlainScreen(outcome.view, output);
  const quiet = kind === 'quiet';
  let heldLines = '';
  try {
    for await (const message of messages) {
      if (message.id === buildEventId) {
        const event = message.aux as BuildEventMessage;
        if (kind === 'rawjson') output.write(`${JSON.stringify(event)}\n`);
        else if (!quiet) screen.show(event);
        continue;
      }
      const id = imageIdOf(message);
      if (id !== undefined) outcome.imageId = id;
      const error = failureOf(message);
      if (error !== undefined) {
        outcome.failure = { message: error.message, exitCode: message.errorDetail?.code || 1 };
        continue;
      }
      const text = message.stream ?? (message.status === undefined ? '' : `${message.status}\n`);
      if (quiet) heldLines += text;
      else if (text !== '') output.write(text);
    }
  } finally {
    if (!quiet && kind !== 'rawjson') screen.finish();
  }
  if (outcome.failure !== undefined && quiet) output.write(heldLines);
  return outcome;
}

function imageIdOf({ aux, stream }: ProgressMessage): string | undefined {
  if (typeof aux === 'object' && aux !== null && 'ID' in aux && typeof aux.ID === 'string') return aux.ID;
  // A quiet build of Docker's prints nothing else.
  return /^(sha256:[0-9a-f]{64})\n?$/.exec(stream ?? '')?.[1];
}
