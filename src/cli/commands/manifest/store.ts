import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { WireDescriptor, WirePlatform } from '#wire/registries.ts';

/** A manifest list that is being put together, kept in the configuration directory between the commands. */
export interface ManifestList {
  /** Canonical. */
  name: string;
  images: ListedImage[];
}

export interface ListedImage {
  /** Canonical, as the user named it. */
  reference: string;
  descriptor: WireDescriptor;
  platform: WirePlatform;
}

/** `docker.io/library/app:latest` for `app`; a digest stays. */
export function canonicalReference(text: string): string {
  const { name, tag, digest } = splitReference(text);
  if (digest !== undefined) return `${canonicalName(name)}@${digest}`;
  return `${canonicalName(name)}:${tag ?? 'latest'}`;
}

function fileOf(context: CliContext, name: string): string {
  return join(context.configDirectory, 'dhow-manifests', `${encodeURIComponent(name)}.json`);
}

/** Undefined when there is no such list. @throws InvalidParameter when its file is damaged */
export async function readList(context: CliContext, name: string): Promise<ManifestList | undefined> {
  const file = fileOf(context, name);
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(content) as ManifestList;
  } catch (cause) {
    throw new DhowError('InvalidParameter', `${file} is damaged: remove it and create the list again`, {
      cause,
    });
  }
}

/** @throws NotFound in Docker's words */
export async function requireList(context: CliContext, name: string): Promise<ManifestList> {
  const list = await readList(context, name);
  if (list) return list;
  throw new DhowError(
    'NotFound',
    `manifest for image ${name} does not exist: create it with 'dhow manifest create'`,
  );
}

export async function writeList(context: CliContext, list: ManifestList): Promise<void> {
  const file = fileOf(context, list.name);
  try {
    await mkdir(join(context.configDirectory, 'dhow-manifests'), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, JSON.stringify(list));
    await rename(`${file}.new`, file);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `cannot write ${file}: ${messageOf(cause)}`, { cause });
  }
}

export async function removeList(context: CliContext, name: string): Promise<void> {
  await rm(fileOf(context, name), { force: true });
}
