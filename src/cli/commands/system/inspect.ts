import { defineCommand } from '#cli/command.ts';
import { getContainer, getImage, getNetwork, getVolume } from '#cli/commands/system/find-object.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, text } from '#cli/options.ts';
import { formatHelp, type Inspected, inspectAll } from '#cli/output/inspect.ts';
import { DhowError, kindOf } from '#errors/error.ts';

const finders = {
  container: getContainer,
  image: (context: CliContext, name: string) => getImage(context, name),
  network: (context: CliContext, name: string) => getNetwork(context, name),
  volume: getVolume,
} satisfies Record<string, (context: CliContext, name: string, withSize?: boolean) => Promise<Inspected>>;

const ofSwarm = ['config', 'node', 'plugin', 'secret', 'service', 'task'];

export const command = defineCommand({
  usage: ['[OPTIONS] NAME|ID [NAME|ID...]'],
  operands: { min: 1 },
  options: {
    format: text({ short: 'f', help: formatHelp }),
    size: flag({ short: 's', help: 'Display total file sizes if the type is container' }),
    type: text({ help: 'Only inspect objects of the given type' }),
  },
  async run(context, { options, operands }) {
    const { format, size, type } = options;
    if (type === undefined) return inspectAll(context, operands, format, (name) => find(context, name, size));
    const finder = finderOf(type);
    if (size && type !== 'container') context.stderr.write(`WARNING: --size ignored for ${type}s\n`);
    return inspectAll(context, operands, format, (name) => finder(context, name, size));
  },
});

function finderOf(type: string) {
  if (Object.hasOwn(finders, type)) return finders[type as keyof typeof finders];
  if (ofSwarm.includes(type))
    throw new DhowError('Unsupported', `cannot inspect a ${type}: swarm and plugins are not supported`);
  const known = [...Object.keys(finders), ...ofSwarm].sort().map((name) => `"${name}"`);
  throw new DhowError('InvalidParameter', `unknown type: "${type}": must be one of ${known.join(', ')}`);
}

/** The first object of that name, in Docker's order of the types. */
async function find(context: CliContext, name: string, withSize: boolean): Promise<Inspected> {
  if (name.trim() === '')
    throw new DhowError('InvalidParameter', 'invalid container name or ID: value is empty');
  for (const finder of Object.values(finders)) {
    try {
      return await finder(context, name, withSize);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  throw new DhowError('NotFound', `Error: No such object: ${name}`);
}

/** A name that cannot be an image's is refused as such, and may still be a volume's. */
function isAbsent(error: unknown): boolean {
  const kind = kindOf(error);
  return kind === 'NotFound' || kind === 'InvalidParameter';
}
