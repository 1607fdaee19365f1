import { defineCommand } from '#cli/command.ts';
import { insecureOption } from '#cli/commands/manifest/access.ts';
import { fetchManifest, isIndexType } from '#cli/commands/manifest/fetch.ts';
import {
  canonicalReference,
  type ManifestList,
  readList,
  requireList,
} from '#cli/commands/manifest/store.ts';
import type { CliContext } from '#cli/context.ts';
import { flag } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] [MANIFEST_LIST] MANIFEST'],
  operands: { min: 1, max: 2 },
  options: {
    insecure: insecureOption,
    verbose: flag({ short: 'v', help: 'Output additional info including layers and platform' }),
  },
  async run(context, { options, operands }) {
    const show = options.verbose ? describe : documentOf;
    const [first = '', second] = operands.map(canonicalReference);
    if (second !== undefined) {
      const { images } = await requireList(context, first);
      if (!images.some(({ reference }) => reference === second)) {
        throw new DhowError('NotFound', `manifest for image ${operands[1]} does not exist in ${operands[0]}`);
      }
      print(context, await show(context, second, options));
      return 0;
    }
    const list = await readList(context, first);
    if (list && !options.verbose) print(context, documentOfList(list));
    else if (list) {
      print(
        context,
        await Promise.all(list.images.map(({ reference }) => describe(context, reference, options))),
      );
    } else print(context, await show(context, first, options));
    return 0;
  },
});

function print(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, undefined, '\t')}\n`);
}

async function documentOf(
  context: CliContext,
  reference: string,
  options: { insecure: boolean },
): Promise<unknown> {
  const { Raw: raw } = await fetchManifest(context, reference, options);
  return JSON.parse(Buffer.from(raw, 'base64').toString());
}

/** With `--verbose`: the descriptor with its platform, and the document; for an index, those of its images. */
async function describe(
  context: CliContext,
  reference: string,
  options: { insecure: boolean },
): Promise<unknown> {
  const {
    Descriptor: descriptor,
    Platforms: platforms,
    Raw: raw,
  } = await fetchManifest(context, reference, options);
  const document: unknown = JSON.parse(Buffer.from(raw, 'base64').toString());
  if (isIndexType(descriptor.mediaType)) {
    const { manifests } = document as { manifests: { digest: string }[] };
    const repository = reference.replace(/@.*$/, '').replace(/:[^:/]+$/, '');
    return Promise.all(manifests.map(({ digest }) => describe(context, `${repository}@${digest}`, options)));
  }
  const kind = descriptor.mediaType.includes('docker') ? 'SchemaV2Manifest' : 'OCIManifest';
  return {
    Ref: reference,
    Descriptor: { ...descriptor, platform: platforms[0] },
    Raw: raw,
    [kind]: document,
  };
}

/** As it will be pushed. */
function documentOfList({ images }: ManifestList): unknown {
  const isDocker = images.every(({ descriptor }) => descriptor.mediaType.includes('docker'));
  return {
    schemaVersion: 2,
    mediaType: isDocker
      ? 'application/vnd.docker.distribution.manifest.list.v2+json'
      : 'application/vnd.oci.image.index.v1+json',
    manifests: images.map(({ descriptor, platform }) => ({ ...descriptor, platform })),
  };
}
