import { pipeline } from 'node:stream/promises';
import { defineCommand } from '#cli/command.ts';

export const command = defineCommand({
  usage: [''],
  operands: { max: 0 },
  options: {},
  async run({ client, stdin, stdout, signal }) {
    const connection = await client.connect(signal);
    // The end of the input closes one half only: the daemon may have more to say, and its end is ours.
    stdin.pipe(connection);
    await pipeline(connection, stdout, { end: false });
    return 0;
  },
});
