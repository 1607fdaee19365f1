import { type Command, defineCommand } from '#cli/command.ts';
import { parseScale, prepareUp, type UpChoice, yesOption } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { pullOption } from '#cli/commands/compose/prepare-images.ts';
import { runAttached } from '#cli/commands/compose/run-attached.ts';
import { timeoutOption } from '#cli/commands/compose/stop-settings.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { waitTimeoutOption, waitUntilReady } from '#cli/commands/compose/wait-until-ready.ts';
import { findTriggers, watchProject } from '#cli/commands/compose/watch.ts';
import { flag, list, type OptionValues, parsedList, text } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

const options = {
  'abort-on-container-exit': flag({ help: 'Stop all containers when one of them ends' }),
  'abort-on-container-failure': flag({ help: 'Stop all containers when one of them ends with a failure' }),
  'always-recreate-deps': flag({ help: 'Recreate dependencies, too' }),
  attach: list({ help: 'Show the output of these services only' }, 'stringArray'),
  'attach-dependencies': flag({ help: 'Show the output of dependencies, too' }),
  build: flag({ help: 'Build images before starting containers' }),
  detach: flag({ short: 'd', help: 'Run containers in the background' }),
  'exit-code-from': text({ help: 'Return the exit code of this service. Implies --abort-on-container-exit' }),
  'force-recreate': flag({ help: 'Recreate containers even if nothing has changed' }),
  menu: flag({ help: 'Enable interactive shortcuts when running attached (refused: there are none)' }),
  'no-attach': list({ help: 'Do not show the output of these services' }, 'stringArray'),
  'no-build': flag({ help: "Don't build an image, even if it's missing" }),
  'no-color': flag({ help: 'Produce monochrome output' }),
  'no-deps': flag({ help: "Don't start linked services" }),
  'no-log-prefix': flag({ help: "Don't print prefix in logs" }),
  'no-recreate': flag({ help: "If containers already exist, don't recreate them" }),
  'no-start': flag({ help: "Don't start the services after creating them" }),
  pull: pullOption,
  'quiet-build': flag({ help: 'Suppress the build output' }),
  'quiet-pull': flag({ help: 'Pull without printing progress information' }),
  'remove-orphans': flag({ help: 'Remove containers for services not defined in the Compose file' }),
  'renew-anon-volumes': flag({
    short: 'V',
    help: 'Recreate anonymous volumes instead of retrieving data from the previous containers',
  }),
  scale: parsedList({ help: 'Scale SERVICE to NUM instances' }, 'SERVICE=NUM', parseScale),
  timeout: timeoutOption,
  timestamps: flag({ help: 'Show timestamps' }),
  wait: flag({ help: 'Wait for services to be running or healthy. Implies detached mode' }),
  'wait-timeout': waitTimeoutOption,
  watch: flag({ short: 'w', help: 'Watch files, and rebuild or refresh containers when they are updated' }),
  yes: yesOption,
};

/** `dhow compose up`: makes what is there like what the files say, and shows the output unless detached. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options,
    async run(context, { options: values, operands }) {
      const detached = values.detach || values.wait || values['no-start'];
      checkTogether(values, detached);
      const project = openProject(context, choice, operands);
      const triggers = values.watch ? findTriggers(project, operands) : [];
      const quiet = values['quiet-build'];
      const watch =
        triggers.length === 0
          ? undefined
          : (signal: AbortSignal) =>
              watchProject(context, manner, project, triggers, { quiet, prune: true }, signal);
      const plan = await prepareUp(context, manner, project, readUpChoice(choice, values, operands));
      if (!detached && manner.dryRun) {
        await runSteps(context, manner, plan.steps);
        context.stdout.write(
          "end of 'compose up' output, interactive run is not supported in dry-run mode\n",
        );
        return 0;
      }
      if (!detached) return runAttached(context, manner, project, plan, { ...values, watch }, operands);
      await runSteps(context, manner, plan.steps);
      if (values.wait)
        await waitUntilReady(
          context,
          manner,
          { name: project.name, project },
          plan.services,
          values['wait-timeout'],
        );
      return 0;
    },
  });
}

function readUpChoice(
  { allResources }: ProjectChoice,
  values: OptionValues<typeof options>,
  services: readonly string[],
): UpChoice {
  const kept = values['no-recreate'] ? 'never' : 'changed';
  return {
    services,
    dependencies: !values['no-deps'],
    recreate: values['force-recreate'] ? 'always' : kept,
    recreateDependencies: values['always-recreate-deps'] || values['no-recreate'],
    scale: new Map(values.scale),
    start: !values['no-start'],
    allResources,
    renewVolumes: values['renew-anon-volumes'],
    removeOrphans: values['remove-orphans'],
    timeoutSeconds: values.timeout,
    pull: values.pull,
    build: values.build,
    noBuild: values['no-build'],
    quiet: values['quiet-pull'] || values['quiet-build'],
  };
}

function checkTogether(values: OptionValues<typeof options>, detached: boolean): void {
  if (values.menu) {
    throw new DhowError(
      'Unsupported',
      '--menu is not supported: use --watch to watch, and --detach to detach',
    );
  }
  const exclude = (first: boolean, one: string, second: boolean, other: string) => {
    if (first && second) {
      throw new DhowError('InvalidParameter', `${one} and ${other} exclude each other`);
    }
  };
  const aborts =
    values['abort-on-container-exit'] ||
    values['abort-on-container-failure'] ||
    values['exit-code-from'] !== undefined;
  const exits = '--abort-on-container-exit, --abort-on-container-failure and --exit-code-from';
  exclude(detached, '--detach, --wait and --no-start', aborts, exits);
  exclude(detached, '--detach, --wait and --no-start', values.watch, '--watch');
  exclude(values['force-recreate'], '--force-recreate', values['no-recreate'], '--no-recreate');
  exclude(values.build, '--build', values['no-build'], '--no-build');
  exclude(values.wait, '--wait', values['no-start'], '--no-start');
  exclude(
    values['abort-on-container-exit'],
    '--abort-on-container-exit',
    values['abort-on-container-failure'],
    '--abort-on-container-failure',
  );
}
