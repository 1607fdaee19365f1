import { defineCommand } from '#cli/command.ts';
import { parseEndpoint } from '#cli/contexts/endpoint.ts';
import { checkContextName, getContext, readTlsFiles, writeContext } from '#cli/contexts/store.ts';
import { text } from '#cli/options.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTEXT'],
  operands: { min: 1, max: 1 },
  options: {
    description: text({ help: 'Description of the context' }),
    docker: text(
      { help: 'Set the endpoint: host=…, ca=FILE, cert=FILE, key=FILE, skip-tls-verify=true' },
      'stringToString',
    ),
  },
  async run({ configDirectory, stdout, stderr }, { options, operands: [name = ''] }) {
    checkContextName(name);
    const before = getContext(configDirectory, name);
    const { host, skipTlsVerify, tls } =
      options.docker === undefined
        ? { ...before, tls: readTlsFiles(configDirectory, name) }
        : parseEndpoint(options.docker);
    const description = options.description ?? before.description;
    writeContext(configDirectory, { name, description, host, skipTlsVerify }, tls);
    stdout.write(`${name}\n`);
    stderr.write(`Successfully updated context "${name}"\n`);
    return 0;
  },
});
