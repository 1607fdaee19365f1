import { defineCommand } from '#cli/command.ts';
import { parseMoment } from '#cli/commands/system/timestamp.ts';
import type { Output } from '#cli/context.ts';
import { flag, text } from '#cli/options.ts';
import { inspectContainer, readLogs } from '#client/containers.ts';
import { mediaTypes } from '#wire/media-types.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER'],
  operands: { min: 1, max: 1 },
  options: {
    details: flag({ help: 'Show extra details provided to logs' }),
    follow: flag({ short: 'f', help: 'Follow log output' }),
    since: text({
      help: 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    }),
    tail: text({ short: 'n', help: 'Number of lines to show from the end of the logs (default "all")' }),
    timestamps: flag({ short: 't', help: 'Show timestamps' }),
    until: text({
      help: 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    }),
  },
  async run(context, { options, operands: [name = ''] }) {
    const moment = (given: string | undefined) => (given ? parseMoment(given, Date.now()) : undefined);
    const query = {
      stdout: true,
      stderr: true,
      follow: options.follow,
      timestamps: options.timestamps,
      details: options.details || undefined,
      since: moment(options.since),
      until: moment(options.until),
      tail: options.tail ?? 'all',
    };
    const { body, contentType } = await readLogs(context.client, name, query, context.signal);
    let framed = contentType === mediaTypes.multiplexedStream;
    if (!framed) {
      // Docker before API 1.42 calls both kinds of stream the same.
      const { Config: config } = await inspectContainer(context.client, name, {}, context.signal);
      framed = !config.Tty;
    }
    const decoder = framed ? new RawStreamDecoder() : undefined;
    for await (const bytes of body) {
      if (decoder === undefined) await write(context.stdout, bytes);
      else {
        for (const piece of decoder.push(bytes)) {
          await write(piece.stream === 'stderr' ? context.stderr : context.stdout, piece.bytes);
        }
      }
    }
    return 0;
  },
});

async function write(output: Output, bytes: Uint8Array): Promise<void> {
  if (!output.write(bytes)) await new Promise((resolve) => output.once('drain', resolve));
}
