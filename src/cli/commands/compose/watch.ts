import { type Command, defineCommand } from '#cli/command.ts';
import { prepareUp, type UpChoice } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { collectChanges } from '#cli/commands/compose/watch/collect-changes.ts';
import { syncAll, syncPaths } from '#cli/commands/compose/watch/sync.ts';
import { readTriggers, type Trigger } from '#cli/commands/compose/watch/triggers.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, unsupported } from '#cli/options.ts';
import { printFailure } from '#cli/output/failures.ts';
import { observeContainers } from '#compose/observe.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose watch`: brings services up, and brings changes of their files into them as `develop.watch` says. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'no-up': flag({ help: 'Do not build & start services before watching' }),
      prune: unsupported('nothing'),
      quiet: flag({ help: 'Hide build output' }),
    },
    async run(context, { options, operands }) {
      if (manner.dryRun) {
        throw new DhowError('Unsupported', 'compose watch is not supported in dry-run mode');
      }
      const project = openProject(context, choice, operands);
      const services = operands.length > 0 ? operands : Object.keys(project.services);
      const triggers = services.flatMap((name) => readTriggers(project, name));
      if (triggers.length === 0) {
        throw new DhowError('InvalidParameter', `none of ${services.join(', ')} has a develop.watch section`);
      }
      const up = { services: operands, build: true, quiet: options.quiet, dependencies: true } as const;
      if (!options['no-up']) await bringUp(context, manner, project, up);
      const changes = collectChanges(triggers, context.signal);
      for (const trigger of triggers) {
        if (trigger.initialSync) await syncAll(context, project, trigger);
      }
      context.stderr.write('Watch enabled\n');
      for await (const batch of changes) {
        for (const [trigger, paths] of batch) {
          try {
            await act(context, manner, project, trigger, paths, options.quiet);
          } catch (error) {
            // The next change may be the one that mends it.
            if (context.signal.aborted) throw error;
            printFailure(context, error);
          }
        }
      }
      return 0;
    },
  });
}

async function act(
  context: CliContext,
  manner: Manner,
  project: Project,
  trigger: Trigger,
  paths: readonly string[],
  quiet: boolean,
): Promise<void> {
  const { service, action } = trigger;
  if (action === 'rebuild') {
    context.stderr.write(`Rebuilding service "${service}" after changes of ${paths.join(', ')}\n`);
    await bringUp(context, manner, project, { services: [service], build: true, quiet, dependencies: false });
    return;
  }
  if (action !== 'restart') {
    await syncPaths(context, project, trigger, paths);
    context.stderr.write(`Synced ${paths.join(', ')} to service "${service}"\n`);
  }
  if (action === 'sync') return;
  const all = await observeContainers(context.client, project.name, context.signal);
  const own = all.filter((container) => container.service === service && !container.oneOff);
  const steps = planEach(own, readDependencies(project, all), 'forwards', ({ id, name }) => ({
    kind: 'restart-container',
    id,
    name,
    timeoutSeconds: undefined,
  }));
  await runSteps(context, manner, steps);
}

async function bringUp(
  context: CliContext,
  manner: Manner,
  project: Project,
  choice: Pick<UpChoice, 'services' | 'build' | 'quiet' | 'dependencies'>,
): Promise<void> {
  const { steps } = await prepareUp(context, manner, project, {
    ...choice,
    recreate: 'changed',
    recreateDependencies: false,
    scale: new Map(),
    start: true,
    allResources: false,
    renewVolumes: false,
    removeOrphans: false,
    timeoutSeconds: undefined,
    pull: undefined,
    noBuild: false,
  });
  await runSteps(context, manner, steps);
}
