import { constants } from 'node:os';
import { bootstrapDebian } from '#bootstrap/bootstrap.ts';
import { parseDebianBase } from '#bootstrap/debian-base.ts';
import { chooseMirrors } from '#bootstrap/mirrors.ts';
import { defineCommand } from '#cli/command.ts';
import { splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, text } from '#cli/options.ts';
import { showProgress } from '#cli/output/progress.ts';
import { loadImages } from '#client/images.ts';
import { systemVersion } from '#client/system.ts';
import { DhowError } from '#errors/error.ts';
import { type Platform, parsePlatform } from '#image/platform.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] debian:CODENAME[-slim]'],
  operands: { min: 1, max: 1 },
  options: {
    mirror: text({ help: 'URL of a mirror of the archive (default "http://deb.debian.org/debian")' }),
    platform: text({ help: "Platform of the image (default: the daemon's)" }),
    quiet: flag({ short: 'q', help: 'Suppress what the tools say' }),
    'security-mirror': text({
      help: 'URL of a mirror of the security archive (default "http://deb.debian.org/debian-security")',
    }),
    snapshot: text({
      help: 'Take the archive as it was at a time, such as 20261101T000000Z, from snapshot.debian.org or the mirrors given',
    }),
    tag: text({ short: 't', help: 'Name of the image (default: as the operand)' }),
  },
  notes: `Debian's mmdebstrap makes the image on this machine, from packages that Debian signed. The same
state of the archive gives the same image id.`,
  async run(context, { options, operands: [operand = ''] }) {
    const { name, tag, digest } = splitReference(operand);
    if (digest !== undefined)
      throw new DhowError('InvalidParameter', `"${operand}": a digest names an image, not a release`);
    const base = parseDebianBase(name, tag);
    const mirrors = chooseMirrors({
      mirror: options.mirror,
      securityMirror: options['security-mirror'],
      snapshot: options.snapshot,
    });
    const imageName = nameWithTag(options.tag ?? operand);
    const platform =
      options.platform === undefined ? await daemonPlatform(context) : parsePlatform(options.platform);

    // The tools that run have mounts and files to put away before this process may end.
    const ending = new AbortController();
    let received: NodeJS.Signals | undefined;
    using _ = context.signals.listen((name) => {
      if (name !== 'SIGINT' && name !== 'SIGTERM' && name !== 'SIGHUP') return;
      received ??= name;
      ending.abort();
    });
    try {
      await using image = await bootstrapDebian(
        { base, platform, mirrors, imageName },
        {
          signal: ending.signal,
          onMessage: (line) => {
            if (!options.quiet) context.stderr.write(`${line}\n`);
          },
        },
      );
      const loaded = await loadImages(context.client, image.archive, { quiet: true }, ending.signal);
      await showProgress(loaded, context.stdout);
    } catch (error) {
      if (received === undefined) throw error;
      return 128 + constants.signals[received];
    }
    return 0;
  },
});

/** @throws InvalidParameter for a digest or what is no name */
function nameWithTag(reference: string): string {
  const { name, tag = 'latest', digest } = splitReference(reference);
  if (digest === undefined) return `${name}:${tag}`;
  throw new DhowError('InvalidParameter', 'refusing to create a tag with a digest reference');
}

async function daemonPlatform({ client, signal }: CliContext): Promise<Platform> {
  const { Os, Arch } = await systemVersion(client, signal);
  return parsePlatform(`${Os}/${Arch}`);
}
