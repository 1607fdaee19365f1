import { type Command, defineCommand } from '#cli/command.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { flag, type OptionValues, text, unsupported } from '#cli/options.ts';
import { hashService } from '#compose/hash-service.ts';
import type { Project } from '#compose/project.ts';
import { renderProject } from '#compose/render.ts';
import { DhowError } from '#errors/error.ts';

const options = {
  environment: unsupported('nothing'),
  format: text({ help: 'Format the output: yaml or json (default "yaml")' }),
  hash: text({ help: 'Print the service config hash, one per line' }),
  images: flag({ help: 'Print the image names, one per line' }),
  'lock-image-digests': unsupported('nothing'),
  models: unsupported('nothing'),
  networks: flag({ help: 'Print the network names, one per line' }),
  'no-consistency': unsupported('nothing'),
  'no-env-resolution': unsupported('nothing'),
  'no-interpolate': unsupported('nothing'),
  'no-normalize': unsupported('nothing'),
  'no-path-resolution': unsupported('nothing'),
  output: unsupported('value', 'o'),
  profiles: unsupported('nothing'),
  quiet: flag({ short: 'q', help: "Only validate the configuration, don't print anything" }),
  'resolve-image-digests': unsupported('nothing'),
  services: flag({ help: 'Print the service names, one per line' }),
  variables: unsupported('nothing'),
  volumes: flag({ help: 'Print the volume names, one per line' }),
};

/** `dhow compose config`: prints what all files together mean, or a part of it. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS]'],
    operands: {},
    options,
    async run(context, { options: values, operands }) {
      if (operands.length > 0) {
        throw new DhowError('Unsupported', 'compose config of single services is not supported yet');
      }
      const { format = 'yaml' } = values;
      if (format !== 'yaml' && format !== 'json') {
        throw new DhowError('InvalidParameter', `--format takes yaml or json, not "${format}"`);
      }
      const project = openProject(context, choice);
      if (!values.quiet) context.stdout.write(print(project, format, values, choice.allResources));
      return 0;
    },
  });
}

function print(
  project: Project,
  format: 'yaml' | 'json',
  values: OptionValues<typeof options>,
  all: boolean,
): string {
  const lines = (texts: readonly string[]) => texts.map((line) => `${line}\n`).join('');
  const names = Object.keys(project.services).sort();
  if (values.services) return lines(names);
  if (values.volumes) return lines(Object.keys(project.volumes).sort());
  if (values.networks) return lines(Object.keys(project.networks).sort());
  if (values.images) {
    return lines(names.map((name) => project.services[name]?.image ?? `${project.name}-${name}`));
  }
  if (values.hash === undefined) return renderProject(project, format, all);
  const wanted = values.hash === '*' ? names : values.hash.split(',');
  return lines(wanted.map((name) => `${name} ${hashService(project, name)}`));
}
