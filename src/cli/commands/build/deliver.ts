import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BuiltImages } from '#cli/commands/build/build-state.ts';
import type { BuildOutput } from '#cli/commands/build/outputs.ts';
import { push } from '#cli/commands/build/push.ts';
import { unpackLocal } from '#cli/commands/container/copy/unpack-local.ts';
import type { CliContext } from '#cli/context.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { exportContainer } from '#client/archive.ts';
import { createContainer, removeContainer } from '#client/containers.ts';
import { inspectImage, removeImage, saveImages } from '#client/images.ts';

/**
 * Brings a built image where the outputs say. An image that only its files were wanted of is not kept.
 * @returns the digest that the image has in the registry it was pushed to last
 */
export async function deliver(
  context: CliContext,
  outputs: readonly BuildOutput[],
  built: BuiltImages,
): Promise<string | undefined> {
  let digest: string | undefined;
  for (const output of outputs) {
    switch (output.type) {
      case 'image':
        if (output.push) for (const tag of built.tags) digest = (await push(context, tag)) ?? digest;
        break;
      case 'archive': {
        const names = built.tags.length > 0 ? built.tags : built.images.map(({ id }) => id);
        await write(context, output.dest, await saveImages(context.client, names, {}, context.signal));
        break;
      }
      case 'tar':
        await withFiles(context, built.id, (files) => write(context, output.dest, files));
        break;
      case 'local':
        for (const { id, platform } of built.images) {
          // Several platforms have a directory each, as with BuildKit.
          const inner = built.images.length === 1 ? '' : platform.replaceAll('/', '_');
          const directory = path.resolve(context.workingDirectory, output.dest, inner);
          fs.mkdirSync(directory, { recursive: true });
          await withFiles(context, id, (files) => unpackLocal(files, directory, (name) => name));
        }
    }
  }
  if (outputs.length > 0 && built.tags.length === 0 && !outputs.some(({ type }) => type === 'image')) {
    for (const { id } of built.images) await removeUnnamed(context, id);
  }
  return digest;
}

/** The same image may have been built before, with a name or for a container: then it stays. */
async function removeUnnamed({ client, signal }: CliContext, id: string): Promise<void> {
  const { RepoTags } = await inspectImage(client, id, signal);
  if (RepoTags.length === 0) await removeImage(client, id, {}, signal).catch(() => {});
}

/** The files of an image, by way of a container that never starts. */
async function withFiles(
  context: CliContext,
  image: string,
  use: (files: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { client, signal } = context;
  const { Id } = await createContainer(client, { Image: image, Cmd: ['export'], Entrypoint: [] }, {}, signal);
  try {
    await use(await exportContainer(client, Id, signal));
  } finally {
    await removeContainer(client, Id, { force: true, v: true });
  }
}

async function write(
  { stdout, workingDirectory }: CliContext,
  dest: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (dest !== '-') await writeOutputFile(dest, workingDirectory, bytes);
  else await pipeline(bytes, stdout, { end: false });
}
