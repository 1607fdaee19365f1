import { defineCommand } from '#cli/command.ts';
import { readConfigFile, writeConfigFile } from '#cli/config-file.ts';
import { defaultContext, getContext } from '#cli/contexts/store.ts';

export const command = defineCommand({
  usage: ['CONTEXT'],
  operands: { min: 1, max: 1 },
  options: {},
  async run({ configDirectory, environment, stdout, stderr }, { operands: [name = ''] }) {
    if (name !== defaultContext) getContext(configDirectory, name);
    const { currentContext: _former, ...config } = await readConfigFile(configDirectory);
    await writeConfigFile(
      configDirectory,
      name === defaultContext ? config : { ...config, currentContext: name },
    );
    stdout.write(`${name}\n`);
    stderr.write(`Current context is now "${name}"\n`);
    const host = environment['DHOW_HOST']
      ? 'DHOW_HOST'
      : environment['DOCKER_HOST']
        ? 'DOCKER_HOST'
        : undefined;
    if (host !== undefined && name !== defaultContext) {
      stderr.write(
        `Warning: ${host} environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset ${host} environment variable.\n`,
      );
    }
    return 0;
  },
});
