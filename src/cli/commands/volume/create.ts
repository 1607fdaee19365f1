import { defineCommand } from '#cli/command.ts';
import { parseLabel } from '#cli/commands/container/values/key-values.ts';
import { parseDriverOption } from '#cli/commands/volume/driver-option.ts';
import { parsedList, text, unsupported } from '#cli/options.ts';
import { createVolume } from '#client/volumes.ts';
import { DhowError } from '#errors/error.ts';
import type { VolumeCreateRequest } from '#wire/volumes.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] [VOLUME]'],
  operands: { max: 1 },
  options: {
    availability: unsupported('value'),
    driver: text({ short: 'd', help: 'Specify volume driver name (default "local")' }),
    group: unsupported('value'),
    label: parsedList({ help: 'Set metadata for a volume' }, 'list', parseLabel),
    'limit-bytes': unsupported('value'),
    name: text({ help: '' }),
    opt: parsedList({ short: 'o', help: 'Set driver specific options' }, 'map', parseDriverOption),
    'required-bytes': unsupported('value'),
    scope: unsupported('value'),
    secret: unsupported('value'),
    sharing: unsupported('value'),
    'topology-preferred': unsupported('value'),
    'topology-required': unsupported('value'),
    type: unsupported('value'),
  },
  async run(context, { options, operands }) {
    const [operand] = operands;
    if (operand !== undefined && options.name !== undefined) {
      throw new DhowError(
        'InvalidParameter',
        'conflicting options: cannot specify a volume-name through both --name and as a positional arg',
      );
    }
    const name = operand ?? options.name;
    const body: VolumeCreateRequest = {
      Driver: options.driver ?? 'local',
      DriverOpts: Object.fromEntries(options.opt),
      Labels: Object.fromEntries(options.label.map(splitLabel)),
      ...(name === undefined ? {} : { Name: name }),
    };
    const volume = await createVolume(context.client, body, context.signal);
    context.stdout.write(`${volume.Name}\n`);
    return 0;
  },
});

function splitLabel(label: string): [string, string] {
  const equals = label.indexOf('=');
  return equals === -1 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
}
