import { defineCommand } from '#cli/command.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { flag, noContentTrust, text } from '#cli/options.ts';
import { failureOf, showProgress } from '#cli/output/progress.ts';
import { pullImage as requestPull } from '#client/images.ts';
import { DhowError } from '#errors/error.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] NAME[:TAG|@DIGEST]'],
  operands: { min: 1, max: 1 },
  options: {
    'all-tags': flag({ short: 'a', help: 'Download all tagged images in the repository' }),
    'disable-content-trust': noContentTrust,
    platform: text({ help: 'Set platform if server is multi-platform capable' }),
    quiet: flag({ short: 'q', help: 'Suppress verbose output' }),
  },
  async run(context, { options, operands }) {
    const [reference = ''] = operands;
    const shown = options.quiet ? undefined : context.stdout;
    const { tag, digest } = splitReference(reference);
    if (options['all-tags'] && (tag ?? digest) !== undefined) {
      throw new DhowError('InvalidParameter', "tag can't be used with --all-tags/-a");
    }
    if (!options['all-tags'] && tag === undefined && digest === undefined)
      shown?.write('Using default tag: latest\n');
    const pulled = await pullImage(context, reference, {
      ...(options.platform === undefined ? {} : { platform: options.platform }),
      ...(shown === undefined ? {} : { progress: shown }),
      allTags: options['all-tags'],
    });
    context.stdout.write(`${pulled}\n`);
    return 0;
  },
});

export interface PullSettings {
  readonly platform?: string;
  readonly allTags?: boolean;
  /** Where the progress is shown; nowhere when absent. */
  readonly progress?: CliContext['stdout'];
}

/**
 * Asks the daemon to pull an image, with what the user is logged in with at its registry.
 * @returns the whole name of what was pulled
 * @throws as `Client.request` and `showProgress` do
 */
export async function pullImage(
  context: CliContext,
  reference: string,
  settings: PullSettings,
): Promise<string> {
  const { name, tag, digest } = splitReference(reference);
  const auth = await findCredentials(context.configDirectory, registryOf(name), context.signal);
  const wanted = settings.allTags === true ? undefined : (digest ?? tag ?? 'latest');
  const messages = await requestPull(
    context.client,
    {
      fromImage: canonicalName(name),
      tag: wanted,
      platform: settings.platform,
      auth: encodeAuthHeader(auth),
    },
    context.signal,
  );
  if (settings.progress !== undefined) await showProgress(messages, settings.progress);
  else {
    for await (const message of messages) {
      const failure = failureOf(message);
      if (failure !== undefined) throw failure;
    }
  }
  if (wanted === undefined) return canonicalName(name);
  const suffix = digest === undefined ? `:${wanted}` : `${tag === undefined ? '' : `:${tag}`}@${digest}`;
  return canonicalName(name) + suffix;
}
