import { defineCommand } from '#cli/command.ts';
import { parseEndpoint } from '#cli/contexts/endpoint.ts';
import { checkContextName, getContext, hasContext, readTlsFiles, writeContext } from '#cli/contexts/store.ts';
import { text } from '#cli/options.ts';
import { defaultHost } from '#client/default-host.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTEXT'],
  operands: { min: 1, max: 1 },
  options: {
    description: text({ help: 'Description of the context' }),
    docker: text(
      { help: 'Set the endpoint: host=…, ca=FILE, cert=FILE, key=FILE, skip-tls-verify=true' },
      'stringToString',
    ),
    from: text({ help: 'Create a context from another one' }),
  },
  async run({ configDirectory, stdout, stderr }, { options, operands: [name = ''] }) {
    checkContextName(name);
    if (hasContext(configDirectory, name)) {
      throw new DhowError('Conflict', `context "${name}" already exists`);
    }
    const base =
      options.from === undefined || options.from === 'default'
        ? { description: '', host: defaultHost, skipTlsVerify: false, tls: {} }
        : { ...getContext(configDirectory, options.from), tls: readTlsFiles(configDirectory, options.from) };
    const endpoint = options.docker === undefined ? base : parseEndpoint(options.docker);
    const description = options.description ?? base.description;
    const { host, skipTlsVerify, tls } = endpoint;
    writeContext(configDirectory, { name, description, host, skipTlsVerify }, tls);
    stdout.write(`${name}\n`);
    stderr.write(`Successfully created context "${name}"\n`);
    return 0;
  },
});
