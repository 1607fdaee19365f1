import { defineCommand } from '#cli/command.ts';
import { readableFile } from '#cli/commands/image/input-file.ts';
import { unpackContext } from '#cli/contexts/archive.ts';
import { checkContextName, hasContext, writeContext } from '#cli/contexts/store.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['CONTEXT FILE|-'],
  operands: { min: 2, max: 2 },
  options: {},
  async run(
    { configDirectory, workingDirectory, stdin, stdout, stderr },
    { operands: [name = '', file = ''] },
  ) {
    checkContextName(name);
    if (hasContext(configDirectory, name)) {
      throw new DhowError('Conflict', `context "${name}" already exists`);
    }
    const archive = file === '-' ? stdin : await readableFile(file, workingDirectory);
    const { record, tls } = await unpackContext(archive);
    writeContext(configDirectory, { ...record, name }, tls);
    stdout.write(`${name}\n`);
    stderr.write(`Successfully imported context "${name}"\n`);
    return 0;
  },
});
