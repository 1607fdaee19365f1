import { type Command, defineCommand } from '#cli/command.ts';
import { prepareUp, type UpChoice } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { collectChanges } from '#cli/commands/compose/watch/collect-changes.ts';
import { execHook, syncAll, syncPaths } from '#cli/commands/compose/watch/sync.ts';
import { readTriggers, type Trigger } from '#cli/commands/compose/watch/triggers.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { printFailure } from '#cli/output/failures.ts';
import { listImages, removeImage } from '#client/images.ts';
import { label } from '#compose/labels.ts';
import { observeContainers } from '#compose/observe.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';
import type { Project } from '#compose/project.ts';
import { DhowError, kindOf } from '#errors/error.ts';

/** `dhow compose watch`: brings services up, and brings changes of their files into them as `develop.watch` says. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'no-up': flag({ help: 'Do not build & start services before watching' }),
      prune: flag({ help: 'Prune dangling images on rebuild' }, true),
      quiet: flag({ help: 'Hide build output' }),
    },
    async run(context, { options, operands }) {
      if (manner.dryRun) {
        throw new DhowError('Unsupported', 'compose watch is not supported in dry-run mode');
      }
      const project = openProject(context, choice, operands);
      const triggers = findTriggers(project, operands);
      const { quiet, prune } = options;
      const up = { services: operands, build: true, quiet, dependencies: true } as const;
      if (!options['no-up']) await bringUp(context, manner, project, up);
      await watchProject(context, manner, project, triggers, { quiet, prune }, context.signal);
      return 0;
    },
  });
}

/** What is to be watched of the services, or of all. @throws InvalidParameter when nothing is */
export function findTriggers(project: Project, services: readonly string[]): Trigger[] {
  const names = services.length > 0 ? services : Object.keys(project.services);
  const triggers = names.flatMap((name) => readTriggers(project, name));
  if (triggers.length > 0) return triggers;
  throw new DhowError('InvalidParameter', `none of ${names.join(', ')} has a develop.watch section`);
}

interface WatchSettings {
  readonly quiet: boolean;
  /** Whether images are removed that a rebuild leaves without a name. */
  readonly prune: boolean;
}

/** Brings changes of files into the containers, until `signal` aborts. */
export async function watchProject(
  context: CliContext,
  manner: Manner,
  project: Project,
  triggers: readonly Trigger[],
  settings: WatchSettings,
  signal: AbortSignal,
): Promise<void> {
  const changes = collectChanges(triggers, signal);
  for (const trigger of triggers) {
    if (trigger.initialSync) await syncAll(context, project, trigger);
  }
  context.stderr.write('Watch enabled\n');
  for await (const batch of changes) {
    for (const [trigger, paths] of batch) {
      try {
        await act(context, manner, project, trigger, paths, settings);
      } catch (error) {
        // The next change may be the one that mends it.
        if (signal.aborted || context.signal.aborted) throw error;
        printFailure(context, error);
      }
    }
  }
}

async function act(
  context: CliContext,
  manner: Manner,
  project: Project,
  trigger: Trigger,
  paths: readonly string[],
  { quiet, prune }: WatchSettings,
): Promise<void> {
  const { service, action } = trigger;
  if (action === 'rebuild') {
    context.stderr.write(`Rebuilding service "${service}" after changes of ${paths.join(', ')}\n`);
    await bringUp(context, manner, project, { services: [service], build: true, quiet, dependencies: false });
    if (prune) await pruneImages(context, project);
    return;
  }
  if (action !== 'restart') {
    await syncPaths(context, project, trigger, paths);
    context.stderr.write(`Synced ${paths.join(', ')} to service "${service}"\n`);
  }
  if (action === 'sync') return;
  if (action === 'sync+exec') {
    if (trigger.exec !== undefined) await execHook(context, project, trigger, trigger.exec);
    return;
  }
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

/** Removes the project's images that have no name any more; those that a container has stay. */
async function pruneImages({ client, signal }: CliContext, project: Project): Promise<void> {
  const filters = { dangling: ['true'], label: [`${label.project}=${project.name}`] };
  for (const { Id: id } of await listImages(client, { filters }, signal)) {
    try {
      await removeImage(client, id, {}, signal);
    } catch (error) {
      const kind = kindOf(error);
      if (kind !== 'Conflict' && kind !== 'NotFound') throw error;
    }
  }
}
