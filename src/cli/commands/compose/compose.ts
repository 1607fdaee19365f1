import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { list, text, unsupported } from '#cli/options.ts';
import { parseOptions } from '#cli/parse-options.ts';
import { UsageError } from '#cli/usage-error.ts';

interface Verb {
  readonly names: readonly string[];
  readonly summary: string;
  load(): Promise<{ createVerb(choice: ProjectChoice): Command }>;
}

const verbs: readonly Verb[] = [
  {
    names: ['config', 'convert'],
    summary: 'Print what all Compose files together mean',
    load: () => import('#cli/commands/compose/config.ts'),
  },
];

export const command = defineCommand({
  usage: ['[OPTIONS] COMMAND'],
  operands: { min: 1 },
  // The verb has options of its own.
  interspersed: false,
  options: {
    'all-resources': unsupported('nothing'),
    ansi: unsupported('value'),
    compatibility: unsupported('nothing'),
    'dry-run': unsupported('nothing'),
    'env-file': list({ help: 'Specify an alternate environment file' }, 'stringArray'),
    file: list({ short: 'f', help: 'Compose configuration files' }, 'stringArray'),
    parallel: unsupported('value'),
    profile: list({ help: 'Specify a profile to enable' }, 'stringArray'),
    progress: unsupported('value'),
    'project-directory': text({ help: "Alternate working directory (default: the first file's directory)" }),
    'project-name': text({ short: 'p', help: 'Project name' }),
    verbose: unsupported('nothing'),
  },
  notes: ['Commands:', ...verbs.map(({ names: [name = ''], summary }) => `  ${name}  ${summary}`)].join('\n'),
  async run(context, { options, operands }) {
    const [verb = '', ...words] = operands;
    const found = verbs.find(({ names }) => names.includes(verb));
    if (found === undefined) throw new UsageError(`unknown command: dhow compose ${verb}`, 1);
    const inner = (await found.load()).createVerb({
      files: options.file,
      envFiles: options['env-file'],
      directory: options['project-directory'],
      name: options['project-name'],
      profiles: options.profile,
    });
    const input = parseOptions(inner.options, words, { interspersed: inner.interspersed ?? true });
    if (!input.help) return inner.run(context, input);
    const { commandHelp } = await import('#cli/help.ts');
    const names = found.names.map((name) => `compose ${name}`);
    const entry = { names, summary: found.summary, load: async () => ({ command: inner }) };
    context.stdout.write(
      commandHelp(`compose ${verb}`, entry, inner, Math.min(context.stdout.columns ?? 80, 120)),
    );
    return 0;
  },
});
