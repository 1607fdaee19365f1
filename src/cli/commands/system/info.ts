import { defineCommand } from '#cli/command.ts';
import { describeClient } from '#cli/commands/system/client-version.ts';
import { formatServerInfo } from '#cli/commands/system/info-text.ts';
import { text } from '#cli/options.ts';
import { describeFailure } from '#cli/output/failures.ts';
import { parseFormat, printTemplate } from '#cli/output/format.ts';
import { formatHelp } from '#cli/output/inspect.ts';
import { decodeJson } from '#cli/output/template/json.ts';
import { infoType } from '#cli/output/types/system-types.ts';
import { systemInfo } from '#client/system.ts';
import { messageOf } from '#errors/error.ts';
import type { SystemInfo } from '#wire/system.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: { format: text({ short: 'f', help: formatHelp }) },
  async run(context, { options }) {
    const { format } = options;
    let template: ReturnType<typeof parseFormat> | undefined;
    try {
      template = format ? parseFormat(format === 'json' ? '{{json .}}' : format) : undefined;
    } catch (error) {
      context.stderr.write(`${messageOf(error)}\n`);
      return 64;
    }
    let server: SystemInfo | undefined;
    let failure: string | undefined;
    try {
      server = await systemInfo(context.client, context.signal);
    } catch (error) {
      if (context.signal.aborted) throw error;
      failure = describeFailure(error);
    }
    const client = { ...describeClient(context), Debug: false, Plugins: [], Warnings: null };
    if (template !== undefined) {
      if (failure !== undefined) context.stderr.write(`${failure}\n`);
      const errors = failure === undefined ? {} : { ServerErrors: [failure] };
      const members = { ...server, ClientInfo: client, ...errors };
      printTemplate(context, template, decodeJson(infoType, members));
      return failure === undefined ? 0 : 1;
    }
    const own = [
      'Client: Dhow',
      ` Version:    ${client.Version}`,
      ` Context:    ${client.Context}`,
      ` Debug Mode: ${client.Debug}`,
    ];
    context.stdout.write(`${own.join('\n')}\n\nServer:\n`);
    if (server === undefined) {
      context.stderr.write(`ERROR: ${failure}\nerrors pretty printing info\n`);
      return 1;
    }
    context.stdout.write(formatServerInfo(server));
    for (const warning of server.Warnings ?? []) context.stderr.write(`${warning}\n`);
    return 0;
  },
});
