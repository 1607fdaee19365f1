import { rmSync, writeFileSync } from 'node:fs';
import type { CreateOptions } from '#cli/commands/container/create-options.ts';
import { buildCreateRequest } from '#cli/commands/container/create-request.ts';
import type { CliContext } from '#cli/context.ts';
import { UsageError } from '#cli/usage-error.ts';
import { createContainer } from '#client/containers.ts';
import { DhowError, findDhowError, kindOf, messageOf } from '#errors/error.ts';
import type { ContainerCreateRequest } from '#wire/containers.ts';

export interface Created {
  readonly id: string;
  readonly request: ContainerCreateRequest;
}

/**
 * Creates the container that a command line describes, pulling its image when asked or when it is missing. Warnings and the
 * progress of the pull go to stderr.
 */
export async function createFromOptions(
  context: CliContext,
  options: CreateOptions,
  parts: {
    given: ReadonlySet<string>;
    image: string;
    command: readonly string[];
    detach: boolean;
  },
): Promise<Created> {
  const request = buildRequest(context, options, parts);
  if (options.tty && context.stdout.isTTY) {
    const { rows, columns } = context.stdout;
    if (rows && columns) request.HostConfig = { ...request.HostConfig, ConsoleSize: [rows, columns] };
  }
  using cidfile = options.cidfile === undefined ? undefined : openCidfile(options.cidfile);
  const query = { name: options.name, platform: options.platform };

  const create = () => createContainer(context.client, request, query, context.signal);
  if (options.pull === 'always') await pull(context, parts.image, options);
  let response: Awaited<ReturnType<typeof create>>;
  try {
    response = await create();
  } catch (error) {
    const isMissing = findDhowError(error)?.reason === 'image-not-found';
    if (!isMissing || options.pull === 'never' || options.pull === 'always') throw error;
    if (!options.quiet) context.stderr.write(`Unable to find image '${withTag(parts.image)}' locally\n`);
    await pull(context, parts.image, options);
    response = await create();
  }
  for (const warning of response.Warnings ?? []) context.stderr.write(`WARNING: ${warning}\n`);
  cidfile?.write(response.Id);
  return { id: response.Id, request };
}

/** Options that contradict each other end with 125, as options that cannot be read. */
function buildRequest(
  ...[context, options, parts]: Parameters<typeof createFromOptions>
): ContainerCreateRequest {
  try {
    return buildCreateRequest({ options, ...parts }, context);
  } catch (error) {
    if (kindOf(error) !== 'InvalidParameter') throw error;
    throw new UsageError(messageOf(error), 125);
  }
}

async function pull(context: CliContext, image: string, options: CreateOptions): Promise<void> {
  // Most runs pull nothing and need not load it.
  const { pullImage } = await import('#cli/commands/image/pull.ts');
  await pullImage(context, image, {
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    ...(options.quiet ? {} : { progress: context.stderr }),
  });
}

function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

/** Refused before anything is created when it cannot be written; not left behind empty when nothing is. */
function openCidfile(path: string): { write(id: string): void } & Disposable {
  let written = false;
  try {
    writeFileSync(path, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new DhowError(
        'Conflict',
        `container ID file found, make sure the other container isn't running or delete ${path}`,
      );
    }
    throw new DhowError('InvalidParameter', `failed to create the container ID file: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return {
    write(id) {
      writeFileSync(path, id);
      written = true;
    },
    [Symbol.dispose]() {
      if (!written) rmSync(path, { force: true });
    },
  };
}
