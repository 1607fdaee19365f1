import { decodeCacheOptions } from '#buildkit/cache-options.ts';
import type { Job } from '#buildkit/jobs.ts';
import { fetchCredentials } from '#buildkit/session/offers.ts';
import { sendArchive } from '#buildkit/session/send-archive.ts';
import { type SentTree, sendTree } from '#buildkit/session/send-tree.ts';
import type { Session, Sessions } from '#buildkit/session/sessions.ts';
import type { BuildResult, BuildService } from '#engine/builds.ts';
import type { ImageService } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { parseReference } from '#image/reference.ts';

export interface ExportParts {
  builds: Pick<BuildService, 'withFiles'>;
  images: Pick<ImageService, 'find' | 'push' | 'remove' | 'save'>;
  sessions: Sessions;
}

type Attributes = ReadonlyMap<string, string>;

interface Export {
  parts: ExportParts;
  job: Job;
  session: Session;
  result: BuildResult;
  /** Of the exporter in the build's request. */
  index: number;
}

/** What becomes of a result, by the name of the exporter. Only the daemon's own images stay when the build is over. */
const exporters: Readonly<Record<string, (one: Export, attributes: Attributes) => Promise<void>>> = {
  moby: pushIfWanted,
  image: pushIfWanted,
  docker: sendImage,
  oci: sendImage,
  tar: sendFilesAsArchive,
  local: (one) => sendFiles(one, one.result.images, []),
};

/**
 * Hands the result on as the request's exporters say. An image that only its files were wanted of is not kept.
 * @returns what clients read of the result, by BuildKit's names (exporter/containerimage/exptypes)
 */
export async function exportResult(parts: ExportParts, job: Job): Promise<Map<string, string>> {
  const { request, result, signal } = job;
  if (result === undefined) return new Map();
  const session = await parts.sessions.find(request.session, signal);
  for (const [index, { type, attributes }] of request.exporters.entries()) {
    await exporters[type]?.({ parts, job, session, result, index }, attributes);
  }
  const { imageReferences, cacheReferences } = decodeCacheOptions(request);
  for (const reference of [...imageReferences, ...cacheReferences]) {
    await push({ parts, job, session }, reference);
    // It has other names, or its layers are kept as what steps made.
    await removeQuietly(parts, reference);
  }
  const keepsImage = request.exporters.some(({ type }) => type === 'moby' || type === 'image');
  for (const { id } of keepsImage ? [] : result.images) {
    // The same image may have been made before, for good.
    if (parts.images.find(id)?.tags.length === 0) await removeQuietly(parts, id);
  }
  return new Map([
    ['containerimage.digest', result.id],
    ['containerimage.config.digest', result.id],
    ...(result.tags.length > 0 ? [['image.name', result.tags.join(',')] as const] : []),
  ]);
}

async function pushIfWanted(one: Export, attributes: Attributes): Promise<void> {
  if (attributes.get('push') !== 'true') return;
  for (const name of (attributes.get('name') ?? '').split(',').filter(Boolean)) await push(one, name);
}

async function push(
  { parts, job: { progress, signal }, session }: Pick<Export, 'parts' | 'job' | 'session'>,
  name: string,
): Promise<void> {
  await progress.during(`pushing ${name}`, async () => {
    const credentials = await fetchCredentials(session, parseReference(name).registry, signal);
    await parts.images.push(name, { allTags: false, credentials, onProgress: () => {}, signal });
  });
}

async function sendImage({ parts, job, session, result, index }: Export): Promise<void> {
  const { progress, signal } = job;
  const names = result.tags.length > 0 ? result.tags : result.images.map(({ id }) => id);
  await progress.during('sending tarball', () =>
    sendArchive(session, index, parts.images.save(names, { signal }), signal),
  );
}

async function sendFilesAsArchive({ parts, job: { signal }, session, result, index }: Export): Promise<void> {
  if (result.images.length > 1) {
    throw new DhowError('Unsupported', 'an output of type "tar" has room for one platform only');
  }
  await parts.builds.withFiles(result.id, (files) =>
    sendArchive(session, index, files.archive(signal), signal),
  );
}

/** Several platforms have a directory each, such as `linux_arm64`. */
async function sendFiles(
  one: Export,
  images: BuildResult['images'],
  trees: readonly SentTree[],
): Promise<void> {
  const [image, ...others] = images;
  if (image === undefined) return sendTree(one.session, one.index, trees, one.job.signal);
  const name = one.result.images.length === 1 ? '' : image.platform.replaceAll('/', '_');
  await one.parts.builds.withFiles(image.id, ({ root }) =>
    sendFiles(one, others, [...trees, { name, root }]),
  );
}

/** What a container uses stays. */
async function removeQuietly({ images }: ExportParts, name: string): Promise<void> {
  await quietly('remove an image that was handed on', async () => {
    await images.remove(name, { force: false });
  })();
}
