import type { CliContext } from '#cli/context.ts';
import { printFailure } from '#cli/output/failures.ts';
import { killContainer } from '#client/containers.ts';
import { kindOf } from '#errors/error.ts';

/** Sends every signal that the CLI receives on to the container's process. */
export function forwardSignals(context: CliContext, id: string): Disposable {
  return context.signals.listen((name) => {
    killContainer(context.client, id, name).catch((error: unknown) => {
      // It has just ended, which is most often what the signal was for.
      if (kindOf(error) !== 'Conflict' && kindOf(error) !== 'NotFound') printFailure(context, error);
    });
  });
}
