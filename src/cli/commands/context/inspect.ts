import { defineCommand } from '#cli/command.ts';
import { type ContextRecord, defaultContext, getContext, idOf, readTlsFiles } from '#cli/contexts/store.ts';
import { text } from '#cli/options.ts';
import { formatHelp, inspectAll } from '#cli/output/inspect.ts';
import { anyType } from '#cli/output/template/value.ts';
import { defaultHost } from '#client/default-host.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] [CONTEXT] [CONTEXT...]'],
  operands: {},
  options: { format: text({ short: 'f', help: formatHelp }) },
  run(context, { options, operands }) {
    const { configDirectory, environment, contextName } = context;
    const usual: ContextRecord = {
      name: defaultContext,
      description: '',
      host: environment['DHOW_HOST'] || environment['DOCKER_HOST'] || defaultHost,
      skipTlsVerify: false,
    };
    return inspectAll(
      context,
      operands.length === 0 ? [contextName] : operands,
      options.format,
      async (name) => {
        const isDefault = name === defaultContext;
        const record = isDefault ? usual : getContext(configDirectory, name);
        const tls = isDefault ? {} : readTlsFiles(configDirectory, name);
        return { type: anyType, json: describe(record, Object.keys(tls), configDirectory) };
      },
    );
  },
});

function describe(record: ContextRecord, tls: readonly string[], configDirectory: string): string {
  const { name, description, host, skipTlsVerify } = record;
  const isDefault = name === defaultContext;
  return JSON.stringify({
    Name: name,
    Metadata: description === '' ? {} : { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: skipTlsVerify } },
    TLSMaterial: tls.length === 0 ? {} : { docker: tls.map((key) => `${key}.pem`) },
    Storage: isDefault
      ? { MetadataPath: '<IN MEMORY>', TLSPath: '<IN MEMORY>' }
      : {
          MetadataPath: `${configDirectory}/contexts/meta/${idOf(name)}`,
          TLSPath: `${configDirectory}/contexts/tls/${idOf(name)}`,
        },
  });
}
