import { defineCommand } from '#cli/command.ts';
import { runConfig } from '#cli/commands/compose/config.ts';
import { list, text, unsupported } from '#cli/options.ts';
import { UsageError } from '#cli/usage-error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] config [OPTIONS]'],
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
  async run(context, { options, operands }) {
    const [verb = '', ...words] = operands;
    if (verb !== 'config' && verb !== 'convert')
      throw new UsageError(`unknown command: dhow compose ${verb}`, 1);
    return runConfig(
      context,
      {
        files: options.file,
        envFiles: options['env-file'],
        directory: options['project-directory'],
        name: options['project-name'],
        profiles: options.profile,
      },
      words,
    );
  },
});
