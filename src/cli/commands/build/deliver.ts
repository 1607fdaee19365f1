import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheArchive } from '#cli/commands/build/cache-options.ts';
import type { BuildOutput } from '#cli/commands/build/outputs.ts';
import { unpackLocal } from '#cli/commands/container/copy/unpack-local.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { showProgress } from '#cli/output/progress.ts';
import { exportContainer } from '#client/archive.ts';
import { createContainer, removeContainer } from '#client/containers.ts';
import { pushImage, removeImage, saveImages } from '#client/images.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

/** Brings a built image where the outputs say. An image that only its files were wanted of is not kept. */
export async function deliver(
  context: CliContext,
  outputs: readonly BuildOutput[],
  image: { id: string; tags: readonly string[] },
): Promise<void> {
  for (const output of outputs) {
    switch (output.type) {
      case 'image':
        if (output.push) for (const tag of image.tags) await push(context, tag);
        break;
      case 'cache': {
        const directory = path.resolve(context.workingDirectory, output.dest);
        fs.mkdirSync(directory, { recursive: true });
        await write(
          context,
          path.join(directory, cacheArchive),
          await saveImages(context.client, [image.id], {}, context.signal),
        );
        break;
      }
      case 'archive':
        await write(
          context,
          output.dest,
          await saveImages(
            context.client,
            image.tags.length > 0 ? image.tags : [image.id],
            {},
            context.signal,
          ),
        );
        break;
      case 'tar':
        await withFiles(context, image.id, (files) => write(context, output.dest, files));
        break;
      case 'local': {
        const directory = path.resolve(context.workingDirectory, output.dest);
        fs.mkdirSync(directory, { recursive: true });
        await withFiles(context, image.id, (files) => unpackLocal(files, directory, (name) => name));
      }
    }
  }
  const wantsImage =
    outputs.every(({ type }) => type === 'cache') || outputs.some(({ type }) => type === 'image');
  if (outputs.length > 0 && !wantsImage && image.tags.length === 0) {
    // It may have a name or a container from elsewhere: then it stays.
    await removeImage(context.client, image.id, {}, context.signal).catch(() => {});
  }
}

/** Pushes an image by one of its names. */
export async function push(context: CliContext, reference: string): Promise<void> {
  const { name, tag } = splitReference(reference);
  const auth = await findCredentials(context.configDirectory, registryOf(name), context.signal);
  const messages = await pushImage(
    context.client,
    canonicalName(name),
    { tag: tag ?? 'latest', auth: encodeAuthHeader(auth) },
    context.signal,
  );
  await showProgress(messages, context.stderr);
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
