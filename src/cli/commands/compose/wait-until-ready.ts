import type { Manner } from '#cli/commands/compose/manner.ts';
import { runSteps, type Target } from '#cli/commands/compose/target.ts';
import type { CliContext } from '#cli/context.ts';
import { integer } from '#cli/options.ts';
import { isJob } from '#compose/dependencies.ts';
import { observeContainers } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

export const waitTimeoutOption = integer({
  help: 'Maximum duration in seconds to wait for the project to be running or healthy',
});

/** Waits until all containers run, and are healthy if they have a health check; jobs that others wait for must have completed. Without services: all of the project. @throws DeadlineExceeded, Conflict */
export async function waitUntilReady(
  context: CliContext,
  manner: Manner,
  { name: projectName, project }: Target,
  services: readonly string[],
  timeoutSeconds: number | undefined,
): Promise<void> {
  const containers = await observeContainers(context.client, projectName, context.signal);
  const steps = containers
    .filter(({ service, oneOff }) => !oneOff && (services.length === 0 || services.includes(service)))
    .map(({ id, name, service }) => ({
      action: {
        kind: 'await-container',
        id,
        name,
        condition: isJob(project?.services ?? {}, service) ? 'completed' : 'ready',
      } as const,
      after: [],
    }));
  const limit = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    await runSteps(
      context,
      manner,
      steps,
      limit === undefined ? context.signal : AbortSignal.any([context.signal, limit]),
    );
  } catch (error) {
    if (!limit?.aborted || context.signal.aborted) throw error;
    throw new DhowError('DeadlineExceeded', `the project was not ready after ${timeoutSeconds} seconds`, {
      cause: error,
    });
  }
}
