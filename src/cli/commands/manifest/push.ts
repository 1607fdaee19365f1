import { defineCommand } from '#cli/command.ts';
import { insecureOption, registryAccess } from '#cli/commands/manifest/access.ts';
import { canonicalReference, removeList, requireList } from '#cli/commands/manifest/store.ts';
import { flag } from '#cli/options.ts';
import { pushIndex } from '#client/registries.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] MANIFEST_LIST'],
  operands: { min: 1, max: 1 },
  options: {
    insecure: insecureOption,
    purge: flag({ short: 'p', help: 'Remove the local manifest list after push' }),
  },
  async run(context, { options, operands }) {
    const name = canonicalReference(operands[0] ?? '');
    const { images } = await requireList(context, name);
    const access = await registryAccess(context, name, options);
    const request = {
      // By digest: what was listed is what is pushed, also when a tag has moved since.
      Manifests: images.map(({ reference, descriptor, platform }) => ({
        Reference: `${reference.replace(/@.*$/, '').replace(/:[^:/]+$/, '')}@${descriptor.digest}`,
        Platform: platform,
      })),
    };
    const { Digest } = await pushIndex(context.client, name, request, access, context.signal);
    context.stdout.write(`${Digest}\n`);
    if (options.purge) await removeList(context, name);
    return 0;
  },
});
