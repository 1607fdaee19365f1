import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openModel, openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { resolveDigest } from '#cli/commands/compose/resolve-digest.ts';
import { listVariables } from '#cli/commands/compose/variables-listing.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, type OptionValues, text, unsupported } from '#cli/options.ts';
import { imageOf } from '#compose/container-request.ts';
import { orderServices } from '#compose/dependencies.ts';
import { hashService } from '#compose/hash-service.ts';
import { variablesOf } from '#compose/load-model.ts';
import type { Project } from '#compose/project.ts';
import { renderProject, withUsed } from '#compose/render.ts';
import { renderModel } from '#compose/render-model.ts';
import { createTurns } from '#compose/turns.ts';
import { DhowError } from '#errors/error.ts';

const options = {
  environment: flag({ help: 'Print environment used for interpolation' }),
  format: text({ help: 'Format the output: yaml or json (default "yaml")' }),
  hash: text({ help: 'Print the service config hash, one per line' }),
  images: flag({ help: 'Print the image names, one per line' }),
  'lock-image-digests': flag({ help: 'Produces an override file with image digests' }),
  models: unsupported('nothing'),
  networks: flag({ help: 'Print the network names, one per line' }),
  'no-consistency': flag({ help: "Don't check model consistency" }),
  'no-env-resolution': flag({ help: "Don't resolve service env files" }),
  'no-interpolate': flag({ help: "Don't interpolate environment variables" }),
  'no-normalize': flag({ help: "Don't normalize compose model" }),
  'no-path-resolution': flag({ help: "Don't resolve file paths" }),
  output: text({ short: 'o', help: 'Save to file (default to stdout)' }),
  profiles: flag({ help: 'Print the profile names, one per line' }),
  quiet: flag({ short: 'q', help: "Only validate the configuration, don't print anything" }),
  'resolve-image-digests': flag({ help: 'Pin image tags to digests' }),
  services: flag({ help: 'Print the service names, one per line' }),
  variables: flag({ help: 'Print model variables and default values' }),
  volumes: flag({ help: 'Print the volume names, one per line' }),
};

type ConfigValues = OptionValues<typeof options>;

/** `dhow compose config`: prints what all files together mean, or a part of it. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options,
    async run(context, { options: values, operands }) {
      const listing = list(context, choice, values, operands);
      if (listing !== undefined) {
        if (!values.quiet) context.stdout.write(listing);
        return 0;
      }
      const { format = 'yaml', output } = values;
      if (format !== 'yaml' && format !== 'json') {
        throw new DhowError('InvalidParameter', `--format takes yaml or json, not "${format}"`);
      }
      const content = keepsAsWritten(values)
        ? await renderAsWritten(context, choice, manner, values, operands, format)
        : await render(context, choice, manner, values, operands, format);
      if (values.quiet) return 0;
      if (output === undefined) context.stdout.write(content);
      else writeFileSync(resolve(context.workingDirectory, output), content);
      return 0;
    },
  });
}

/** What is printed one per line; undefined where the project is. */
function list(
  context: CliContext,
  choice: ProjectChoice,
  values: ConfigValues,
  operands: readonly string[],
): string | undefined {
  const lines = (texts: Iterable<string>) =>
    [...texts]
      .sort()
      .map((line) => `${line}\n`)
      .join('');
  const project = () => select(openProject(context, choice, operands), operands);
  if (values.services) return lines(Object.keys(openProject(context, choice).services));
  if (values.volumes || values.networks) {
    const whole = openProject(context, choice);
    const { volumes, networks } = choice.allResources ? whole : withUsed(whole);
    return lines(Object.keys(values.volumes ? volumes : networks));
  }
  if (values.hash !== undefined) {
    const wanted = values.hash === '*' ? [] : values.hash.split(',');
    const found = openProject(context, choice, wanted);
    const names = wanted.length > 0 ? wanted : Object.keys(found.services);
    return lines(names.map((name) => `${name} ${hashService(found, name)}`));
  }
  if (values.profiles) {
    const { services } = openProject(context, { ...choice, profiles: ['*'] });
    return lines(new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles)));
  }
  if (values.images) {
    const found = project();
    return lines(Object.keys(found.services).map((name) => imageOf(found, name)));
  }
  if (values.variables) {
    const written = { variables: true, paths: true, defaults: true };
    return listVariables(variablesOf(openModel(context, choice, operands, written)), values.format);
  }
  if (values.environment) return lines([...project().variables].map(([key, value]) => `${key}=${value}`));
  return undefined;
}

/** The named services and what they depend on, or all. */
function select(project: Project, names: readonly string[]): Project {
  if (names.length === 0) return project;
  const kept = new Set(orderServices(project.services, names));
  const services = Object.fromEntries(Object.entries(project.services).filter(([name]) => kept.has(name)));
  return { ...project, services };
}

function keepsAsWritten(values: ConfigValues): boolean {
  return (
    values['no-interpolate'] ||
    values['no-normalize'] ||
    values['no-path-resolution'] ||
    values['no-env-resolution'] ||
    values['no-consistency']
  );
}

async function render(
  context: CliContext,
  choice: ProjectChoice,
  manner: Manner,
  values: ConfigValues,
  operands: readonly string[],
  format: 'yaml' | 'json',
): Promise<string> {
  const project = select(openProject(context, choice, operands), operands);
  if (!values['lock-image-digests'] && !values['resolve-image-digests']) {
    return renderProject(project, format, choice.allResources);
  }
  const services = await pinImages(context, manner, project.services);
  return values['lock-image-digests']
    ? renderModel(imagesOnly(services), format, true)
    : renderProject({ ...project, services }, format, choice.allResources);
}

async function renderAsWritten(
  context: CliContext,
  choice: ProjectChoice,
  manner: Manner,
  values: ConfigValues,
  operands: readonly string[],
  format: 'yaml' | 'json',
): Promise<string> {
  const variables = values['no-interpolate'];
  const isChecked = !variables && !values['no-consistency'] && !values['no-env-resolution'];
  if (isChecked) openProject(context, choice, operands);
  const paths = values['no-path-resolution'];
  const model = openModel(context, choice, operands, { variables, paths, defaults: values['no-normalize'] });
  if (!values['lock-image-digests'] && !values['resolve-image-digests']) {
    return renderModel(model, format, !variables);
  }
  const services = await pinImages(context, manner, model['services'] as Record<string, { image?: string }>);
  return renderModel(
    values['lock-image-digests'] ? imagesOnly(services) : { ...model, services },
    format,
    !variables,
  );
}

/** Services whose images are named by what their registries have now. */
async function pinImages<Service extends { readonly image?: string }>(
  context: CliContext,
  { parallel }: Manner,
  services: Readonly<Record<string, Service>>,
): Promise<Record<string, Service>> {
  const turn = createTurns(parallel);
  const pinned = Object.entries(services).map(async ([name, service]) => {
    const { image } = service;
    if (image === undefined) return [name, service] as const;
    return [name, { ...service, image: await turn(() => resolveDigest(context, image)) }] as const;
  });
  return Object.fromEntries(await Promise.all(pinned));
}

/** A file that only says which images are meant. */
function imagesOnly(services: Readonly<Record<string, { readonly image?: string }>>) {
  const images = Object.entries(services).flatMap(([name, { image }]) =>
    image === undefined ? [] : [[name, { image }] as const],
  );
  return { services: Object.fromEntries(images) };
}
