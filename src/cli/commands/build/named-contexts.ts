import fs from 'node:fs';
import path from 'node:path';
import { loadInto } from '#cli/commands/build/load-into.ts';
import { findIgnore } from '#cli/commands/build/open-context.ts';
import type { ContextRoot } from '#cli/commands/build/pack-context.ts';
import { packLayout } from '#cli/commands/build/pack-layout.ts';
import type { CliContext } from '#cli/context.ts';
import { removeImage } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';

export interface NamedContexts {
  /** Directories, which go into the archive of the build's context. */
  roots: ContextRoot[];
  /** What the daemon is told of each name; empty for a directory. */
  parameter: Record<string, string>;
  /** Images that were loaded for the build alone. */
  loaded: string[];
}

/**
 * `name=directory`, `name=docker-image://reference`, `name=oci-layout://directory[:tag|@digest]`, or the URL of a git repository or of an
 * archive, which the daemon fetches.
 * @throws InvalidParameter; NotFound; Unsupported
 */
export async function openNamedContexts(
  context: CliContext,
  texts: readonly string[],
  platform: string | undefined,
): Promise<NamedContexts> {
  const opened: NamedContexts = { roots: [], parameter: {}, loaded: [] };
  for (const text of texts) {
    const [name = '', value = ''] = text.split(/=(.*)/s);
    if (name === '' || value === '') {
      throw new DhowError(
        'InvalidParameter',
        `"${text}" is not of the form name=directory, name=URL or name=docker-image://reference`,
      );
    }
    if (value.startsWith('oci-layout://')) {
      const archive = packLayout(context.workingDirectory, value.slice('oci-layout://'.length));
      const [id] = await loadInto(context, archive, platform);
      if (id === undefined) throw new DhowError('NotFound', `${value} has no image`);
      opened.parameter[name] = `docker-image://${id}`;
      opened.loaded.push(id);
    } else if (/^[a-z-]+:\/\/|^[\w.-]+@[\w.-]+:|^github\.com\//.test(value)) {
      opened.parameter[name] = value;
    } else {
      opened.parameter[name] = '';
      opened.roots.push(directoryRoot(name, path.resolve(context.workingDirectory, value), text));
    }
  }
  return opened;
}

function directoryRoot(name: string, directory: string, text: string): ContextRoot {
  if (!fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new DhowError('NotFound', `the context "${text}" is no directory`);
  }
  const prefix = `.dhow-contexts/${encodeURIComponent(name)}/`;
  return { directory, prefix, rules: findIgnore(directory, undefined)?.rules, kept: new Set() };
}

/** Removes the images that were loaded, but what the build has made. */
export async function closeNamedContexts(
  { client, signal }: CliContext,
  { loaded }: NamedContexts,
  built: readonly { id: string }[],
): Promise<void> {
  for (const id of loaded) {
    if (built.some((image) => image.id === id)) continue;
    // It may have a name or a container from elsewhere: then it stays.
    await removeImage(client, id, {}, signal).catch(() => {});
  }
}
