import { defineCommand } from '#cli/command.ts';
import { readableFile } from '#cli/commands/image/input-file.ts';
import { importVolume } from '#client/volumes.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['VOLUME [FILE|-]'],
  operands: { min: 1, max: 2 },
  options: {},
  async run(context, { operands: [name = '', file = '-'] }) {
    if (file === '-' && context.stdin.isTTY === true) {
      throw new DhowError('InvalidParameter', 'name the archive, or redirect it to the standard input');
    }
    const archive = file === '-' ? context.stdin : await readableFile(file, context.workingDirectory);
    const volume = await importVolume(context.client, name, archive, context.signal);
    context.stdout.write(`${volume.Name}\n`);
    return 0;
  },
});
