import { defineCommand } from '#cli/command.ts';
import { type ContextRecord, listContexts } from '#cli/contexts/store.ts';
import { flag } from '#cli/options.ts';
import { chooseFormat, listFormat } from '#cli/output/list-format.ts';
import { type Listing, renderListing } from '#cli/output/listing.ts';
import { ellipsis } from '#cli/output/width.ts';
import { defaultHost } from '#client/default-host.ts';

const table = 'table {{.Name}}{{if .Current}} *{{end}}\\t{{.Description}}\\t{{.DockerEndpoint}}\\t{{.Error}}';

const listing: Listing<ContextRecord & { current: boolean }> = {
  typeName: '*formatter.clientContextContext',
  columns: {
    Name: { title: 'NAME', value: (row) => row.name },
    Current: { title: '', value: (row) => (row.current ? 'true' : '') },
    Description: { title: 'DESCRIPTION', value: (row) => ellipsis(row.description, 60) },
    DockerEndpoint: { title: 'DOCKER ENDPOINT', value: (row) => row.host },
    Error: { title: 'ERROR', value: () => '' },
  },
};

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    format: listFormat,
    quiet: flag({ short: 'q', help: 'Only show context names' }),
  },
  async run(context, { options }) {
    const { configDirectory, environment, contextName, stdout } = context;
    const usual: ContextRecord = {
      name: 'default',
      description: 'Current DOCKER_HOST based configuration',
      host: environment['DHOW_HOST'] || environment['DOCKER_HOST'] || defaultHost,
      skipTlsVerify: false,
    };
    const rows = [usual, ...listContexts(configDirectory)].map((record) => ({
      ...record,
      current: record.name === contextName,
    }));
    const format = chooseFormat(context, {
      given: options.format,
      configured: undefined,
      quiet: options.quiet,
      table,
      raw: undefined,
      quietFormat: '{{.Name}}',
      quietRaw: '',
    });
    stdout.write(renderListing(listing, rows, format));
    return 0;
  },
});
