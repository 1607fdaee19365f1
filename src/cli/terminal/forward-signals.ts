import type { CliContext } from '#cli/context.ts';
import { printFailure } from '#cli/output/failures.ts';
import { killContainer } from '#client/containers.ts';
import { kindOf } from '#errors/error.ts';

/** Sends every signal that the CLI receives on to the container's process. Disposing waits for those under way. */
export function forwardSignals(context: CliContext, id: string): AsyncDisposable {
  const underWay = new Set<Promise<void>>();
  const listening = context.signals.listen((name) => {
    const sent: Promise<void> = killContainer(context.client, id, name)
      .catch((error: unknown) => {
        // It has just ended, which is most often what the signal was for.
        if (kindOf(error) !== 'Conflict' && kindOf(error) !== 'NotFound') printFailure(context, error);
      })
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  });
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      await Promise.all(underWay);
    },
  };
}
