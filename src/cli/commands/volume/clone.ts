import { defineCommand } from '#cli/command.ts';
import { toRecord } from '#cli/commands/container/values/key-values.ts';
import { parseDriverOption } from '#cli/commands/volume/driver-option.ts';
import { list, parsedList } from '#cli/options.ts';
import { cloneVolume } from '#client/volumes.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] VOLUME NEW_VOLUME'],
  operands: { min: 2, max: 2 },
  options: {
    label: list({ help: 'Set metadata for the new volume, in place of that of the old one' }),
    opt: parsedList(
      { short: 'o', help: 'Set driver specific options, such as size=1g' },
      'map',
      parseDriverOption,
    ),
  },
  async run(context, { options, operands: [name = '', newName = ''] }) {
    const clone = await cloneVolume(
      context.client,
      name,
      {
        Name: newName,
        DriverOpts: Object.fromEntries(options.opt),
        ...(options.label.length > 0 ? { Labels: toRecord(options.label) } : {}),
      },
      context.signal,
    );
    for (const warning of clone.Warnings) context.stderr.write(`WARNING: ${warning}\n`);
    if (!clone.SharesBlocks) {
      context.stderr.write(
        'The file system cannot share blocks (btrfs and xfs can), so the files were copied.\n',
      );
    }
    context.stdout.write(`${clone.Name}\n`);
    return 0;
  },
});
