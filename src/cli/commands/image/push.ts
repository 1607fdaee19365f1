import { defineCommand } from '#cli/command.ts';
import { platformObject } from '#cli/commands/image/platform-object.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { flag, noContentTrust, text } from '#cli/options.ts';
import { failureOf, showProgress } from '#cli/output/progress.ts';
import { pushImage } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NAME[:TAG]'],
  operands: { min: 1, max: 1 },
  options: {
    'all-tags': flag({ short: 'a', help: 'Push all tags of an image to the repository' }),
    'disable-content-trust': noContentTrust,
    platform: text({ help: 'Push a platform-specific manifest (e.g., "linux/amd64")' }),
    quiet: flag({ short: 'q', help: 'Suppress verbose output' }),
  },
  async run(context, { options, operands }) {
    const [reference = ''] = operands;
    const { name, tag, digest } = splitReference(reference);
    if (digest !== undefined) throw new DhowError('InvalidParameter', 'cannot push a digest reference');
    if (options['all-tags'] && tag !== undefined) {
      throw new DhowError('InvalidParameter', "tag can't be used with --all-tags/-a");
    }
    if (!options['all-tags'] && tag === undefined && !options.quiet) {
      context.stdout.write('Using default tag: latest\n');
    }
    const auth = await findCredentials(context.configDirectory, registryOf(name), context.signal);
    const wanted = options['all-tags'] ? undefined : (tag ?? 'latest');
    const messages = await pushImage(
      context.client,
      canonicalName(name),
      {
        tag: wanted,
        platform: options.platform === undefined ? undefined : platformObject(options.platform),
        auth: encodeAuthHeader(auth),
      },
      context.signal,
    );
    if (!options.quiet) await showProgress(messages, context.stdout);
    else {
      for await (const message of messages) {
        const failure = failureOf(message);
        if (failure !== undefined) throw failure;
      }
      context.stdout.write(`${canonicalName(name)}${wanted === undefined ? '' : `:${wanted}`}\n`);
    }
    return 0;
  },
});
