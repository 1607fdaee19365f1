import { checkOperands } from '#cli/check-operands.ts';
import { type Command, type CommandInput, defineCommand } from '#cli/command.ts';
import { type Manner, mannerOptions, readManner, usualManner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice, settingVariables } from '#cli/commands/compose/open-project.ts';
import { tellRequests } from '#cli/commands/compose/tell-requests.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, list, type OptionValues, text } from '#cli/options.ts';
import { parseOptions } from '#cli/parse-options.ts';
import type { CommandEntry } from '#cli/registry.ts';
import { UsageError } from '#cli/usage-error.ts';
import { DhowError } from '#errors/error.ts';

interface Verb {
  readonly names: readonly string[];
  readonly summary: string;
  load(): Promise<{ createVerb(choice: ProjectChoice, manner: Manner): Command }>;
}

const verbs: readonly Verb[] = [
  {
    names: ['attach'],
    summary: "Attach local standard input, output, and error streams to a service's running container",
    load: () => import('#cli/commands/compose/attach.ts'),
  },
  {
    names: ['build'],
    summary: 'Build or rebuild services',
    load: () => import('#cli/commands/compose/build.ts'),
  },
  {
    names: ['commit'],
    summary: "Create a new image from a service container's changes",
    load: () => import('#cli/commands/compose/commit.ts'),
  },
  {
    names: ['config', 'convert'],
    summary: 'Print what all Compose files together mean',
    load: () => import('#cli/commands/compose/config.ts'),
  },
  {
    names: ['cp'],
    summary: 'Copy files between a service container and the local filesystem',
    load: () => import('#cli/commands/compose/cp.ts'),
  },
  {
    names: ['create'],
    summary: 'Create containers for a service',
    load: () => import('#cli/commands/compose/create.ts'),
  },
  {
    names: ['down'],
    summary: 'Stop and remove containers, networks',
    load: () => import('#cli/commands/compose/down.ts'),
  },
  {
    names: ['events'],
    summary: 'Receive real time events from containers',
    load: () => import('#cli/commands/compose/events.ts'),
  },
  {
    names: ['exec'],
    summary: 'Execute a command in a running container',
    load: () => import('#cli/commands/compose/exec.ts'),
  },
  {
    names: ['export'],
    summary: "Export a service container's filesystem as a tar archive",
    load: () => import('#cli/commands/compose/export.ts'),
  },
  {
    names: ['images'],
    summary: 'List images used by the created containers',
    load: () => import('#cli/commands/compose/images.ts'),
  },
  {
    names: ['kill'],
    summary: 'Force stop service containers',
    load: () => import('#cli/commands/compose/kill.ts'),
  },
  {
    names: ['logs'],
    summary: 'View output from containers',
    load: () => import('#cli/commands/compose/logs.ts'),
  },
  {
    names: ['ls'],
    summary: 'List running compose projects',
    load: () => import('#cli/commands/compose/ls.ts'),
  },
  {
    names: ['pause'],
    summary: 'Pause services',
    load: () => import('#cli/commands/compose/pause.ts'),
  },
  {
    names: ['port'],
    summary: 'Print the public port for a port binding',
    load: () => import('#cli/commands/compose/port.ts'),
  },
  {
    names: ['ps'],
    summary: 'List containers',
    load: () => import('#cli/commands/compose/ps.ts'),
  },
  {
    names: ['pull'],
    summary: 'Pull service images',
    load: () => import('#cli/commands/compose/pull.ts'),
  },
  {
    names: ['push'],
    summary: 'Push service images',
    load: () => import('#cli/commands/compose/push.ts'),
  },
  {
    names: ['restart'],
    summary: 'Restart service containers',
    load: () => import('#cli/commands/compose/restart.ts'),
  },
  {
    names: ['rm'],
    summary: 'Removes stopped service containers',
    load: () => import('#cli/commands/compose/rm.ts'),
  },
  {
    names: ['run'],
    summary: 'Run a one-off command on a service',
    load: () => import('#cli/commands/compose/run.ts'),
  },
  {
    names: ['scale'],
    summary: 'Scale services',
    load: () => import('#cli/commands/compose/scale.ts'),
  },
  {
    names: ['start'],
    summary: 'Start services',
    load: () => import('#cli/commands/compose/start.ts'),
  },
  {
    names: ['stats'],
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: () => import('#cli/commands/compose/stats.ts'),
  },
  {
    names: ['stop'],
    summary: 'Stop services',
    load: () => import('#cli/commands/compose/stop.ts'),
  },
  {
    names: ['top'],
    summary: 'Display the running processes',
    load: () => import('#cli/commands/compose/top.ts'),
  },
  {
    names: ['unpause'],
    summary: 'Unpause services',
    load: () => import('#cli/commands/compose/unpause.ts'),
  },
  {
    names: ['up'],
    summary: 'Create and start containers',
    load: () => import('#cli/commands/compose/up.ts'),
  },
  {
    names: ['version'],
    summary: 'Show the version',
    load: () => import('#cli/commands/compose/version.ts'),
  },
  {
    names: ['volumes'],
    summary: 'List volumes',
    load: () => import('#cli/commands/compose/volumes.ts'),
  },
  {
    names: ['wait'],
    summary: 'Block until containers of all (or specified) services stop',
    load: () => import('#cli/commands/compose/wait.ts'),
  },
  {
    names: ['watch'],
    summary: 'Watch build context and sync or rebuild when files are updated',
    load: () => import('#cli/commands/compose/watch.ts'),
  },
];

const summary = 'Define and run multi-container applications';
const refusedVerbs = ['alpha', 'bridge', 'publish'];

const options = {
  'all-resources': flag({ help: 'Include all resources, even those not used by services' }),
  ...mannerOptions,
  compatibility: flag({ help: 'Run compose in backward compatibility mode' }),
  'env-file': list({ help: 'Specify an alternate environment file' }, 'stringArray'),
  file: list({ short: 'f', help: 'Compose configuration files' }, 'stringArray'),
  profile: list({ help: 'Specify a profile to enable' }, 'stringArray'),
  'project-directory': text({ help: "Alternate working directory (default: the first file's directory)" }),
  'project-name': text({ short: 'p', help: 'Project name' }),
  verbose: flag({ help: 'Tell on stderr what the daemon is asked' }),
};

/** For those who ask only what a verb takes. */
const anyProject: ProjectChoice = {
  files: [],
  envFiles: [],
  directory: undefined,
  name: undefined,
  profiles: [],
  allResources: false,
  compatibility: false,
};

function readChoice(values: OptionValues<typeof options>): ProjectChoice {
  return {
    files: values.file,
    envFiles: values['env-file'],
    directory: values['project-directory'],
    name: values['project-name'],
    profiles: values.profile,
    allResources: values['all-resources'],
    compatibility: values.compatibility,
  };
}

export const command: Command = defineCommand({
  usage: ['[OPTIONS] COMMAND'],
  operands: {},
  // The verb has options of its own.
  interspersed: false,
  options,
  verbs: {
    entries: verbs.map(({ names, summary, load }) => ({
      names,
      summary,
      load: async () => ({ command: withDryRun((await load()).createVerb(anyProject, usualManner)) }),
    })),
    services(context, words) {
      const { options: values } = parseOptions(options, words, { interspersed: false });
      const choice = readChoice(values as OptionValues<typeof options>);
      return Object.keys(openProject(context, choice).services);
    },
  },
  async run(context, { options: values, operands }) {
    const [verb = '', ...words] = operands;
    const found = verbs.find(({ names }) => names.includes(verb));
    if (verb === '') return await showHelp(context, 'compose', { names: ['compose'], summary }, command);
    if (refusedVerbs.includes(verb)) {
      throw new DhowError('Unsupported', `dhow compose ${verb} is not supported`);
    }
    if (found === undefined) throw new UsageError(`unknown command: dhow compose ${verb}`, 1);
    const { createVerb } = await found.load();
    const choice = readChoice(values);
    const manner = readManner(values, settingVariables(context, choice));
    const typed = withDryRun(createVerb(choice, manner));
    const input = parseVerb(typed, words);
    const dryRun = manner.dryRun || input.options['dry-run'] === true;
    const inner = withDryRun(createVerb(choice, { ...manner, dryRun }));
    if (input.help) {
      const names = found.names.map((name) => `compose ${name}`);
      return await showHelp(context, `compose ${verb}`, { names, summary: found.summary }, inner);
    }
    checkOperands(`compose ${verb}`, inner, input.operands.length);
    return await runVerb(values.verbose ? tellRequests(context) : context, verb, inner, input);
  },
});

async function showHelp(
  { stdout }: CliContext,
  name: string,
  { names, summary: about }: Pick<CommandEntry, 'names' | 'summary'>,
  inner: Command,
): Promise<number> {
  const { commandHelp } = await import('#cli/help.ts');
  const entry = { names, summary: about, load: async () => ({ command: inner }) };
  stdout.write(commandHelp(name, entry, inner, Math.min(stdout.columns ?? 80, 120)));
  return 0;
}

/** @throws UsageError with the exit code that Docker Compose has for all of them */
function parseVerb({ options: table, interspersed = true }: Command, words: readonly string[]) {
  try {
    return parseOptions(table, words, { interspersed });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, 1) : error;
  }
}

/** Each verb takes it, as well as `dhow compose` itself. */
function withDryRun(verb: Command): Command {
  return { ...verb, options: { ...verb.options, 'dry-run': mannerOptions['dry-run'] } };
}

/** Tells a program that is not there by its exit code, where the verb runs one. */
async function runVerb(
  context: CliContext,
  verb: string,
  inner: Command,
  input: CommandInput,
): Promise<number> {
  try {
    return await inner.run(context, input);
  } catch (error) {
    if (inner.startsProcess !== true) throw error;
    const { reportFailure } = await import('#cli/failure.ts');
    return reportFailure(context.stderr, error, {
      commandName: `compose ${verb}`,
      failureCode: undefined,
      startsProcess: true,
      usage: undefined,
      debug: false,
    });
  }
}
