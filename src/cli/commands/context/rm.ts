import { defineCommand } from '#cli/command.ts';
import { readConfigFile, writeConfigFile } from '#cli/config-file.ts';
import { currentContext, defaultContext, hasContext, removeContext } from '#cli/contexts/store.ts';
import { flag } from '#cli/options.ts';
import { printFailure } from '#cli/output/failures.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTEXT [CONTEXT...]'],
  operands: { min: 1 },
  options: { force: flag({ short: 'f', help: 'Force the removal of a context in use' }) },
  async run(context, { options, operands }) {
    const { configDirectory, stdout } = context;
    let code = 0;
    for (const name of operands) {
      try {
        await remove(configDirectory, name, options.force);
        stdout.write(`${name}\n`);
      } catch (error) {
        printFailure(context, error);
        code = 1;
      }
    }
    return code;
  },
});

async function remove(configDirectory: string, name: string, force: boolean): Promise<void> {
  if (name === defaultContext) {
    throw new DhowError('InvalidParameter', 'context "default" cannot be removed');
  }
  if (!hasContext(configDirectory, name) && force) return;
  if (currentContext(configDirectory) === name) {
    if (!force) {
      throw new DhowError(
        'Conflict',
        `context "${name}" is in use, set -f flag to force remove, or choose another one with "dhow context use"`,
      );
    }
    const { currentContext: _former, ...config } = await readConfigFile(configDirectory);
    await writeConfigFile(configDirectory, config);
  }
  removeContext(configDirectory, name);
}
