import { defineCommand } from '#cli/command.ts';
import { type ClientVersion, describeClient } from '#cli/commands/system/client-version.ts';
import { text } from '#cli/options.ts';
import { printFailure } from '#cli/output/failures.ts';
import { parseFormat, printTemplate } from '#cli/output/format.ts';
import { formatHelp } from '#cli/output/inspect.ts';
import { decodeJson } from '#cli/output/template/json.ts';
import { versionType } from '#cli/output/types/system-types.ts';
import { systemVersion } from '#client/system.ts';
import { messageOf } from '#errors/error.ts';
import type { SystemVersion } from '#wire/system.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: { format: text({ short: 'f', help: formatHelp }) },
  async run(context, { options }) {
    const { format } = options;
    let template: ReturnType<typeof parseFormat> | undefined;
    try {
      template = format ? parseFormat(format === 'json' ? '{{json .}}' : format, 'version') : undefined;
    } catch (error) {
      context.stderr.write(`${messageOf(error)}\n`);
      return 64;
    }
    let known: SystemVersion | null = null;
    let failure: unknown;
    try {
      known = await systemVersion(context.client, context.signal);
    } catch (error) {
      if (context.signal.aborted) throw error;
      failure = error;
    }
    for (const { Details } of known?.Components ?? []) {
      if (Details?.['BuildTime']) Details['BuildTime'] = formatBuildTime(Details['BuildTime']);
    }
    const client = describeClient(context, known?.ApiVersion);
    if (template === undefined) context.stdout.write(formatVersion(client, known));
    else {
      const data = { Client: client, Server: known };
      printTemplate(context, template, decodeJson(versionType, data));
    }
    if (failure !== undefined) printFailure(context, failure);
    return failure === undefined ? 0 : 1;
  },
});

/** Both versions as Docker lays them out. */
export function formatVersion(client: ClientVersion, server: SystemVersion | null): string {
  const sections = [
    'Client: Dhow\n',
    formatFields(' ', [
      ['Version', client.Version],
      ['API version', formatApiVersion(client)],
      ['Node.js version', client.GoVersion.replace('node', '')],
      ['Git commit', client.GitCommit],
      ['OS/Arch', `${client.Os}/${client.Arch}`],
      ['Context', client.Context],
    ]),
  ];
  if (server !== null) {
    const platform = server.Platform?.Name ?? '';
    sections.push(`\nServer:${platform === '' ? '' : ` ${platform}`}\n`);
    for (const component of server.Components ?? engineOf(server)) {
      const details = component.Details ?? {};
      const fields = component.Name === 'Engine' ? engineFields(details) : Object.entries(details).sort();
      sections.push(` ${component.Name}:\n`, formatFields('  ', [['Version', component.Version], ...fields]));
    }
  }
  return sections.join('');
}

function formatApiVersion({ ApiVersion, DefaultAPIVersion }: ClientVersion): string {
  if (ApiVersion === undefined || ApiVersion === DefaultAPIVersion) return DefaultAPIVersion;
  return `${ApiVersion} (downgraded from ${DefaultAPIVersion})`;
}

/** A daemon before API 1.35 tells no components. */
function engineOf(server: SystemVersion): SystemVersion['Components'] {
  const { Version, ApiVersion, MinAPIVersion, GitCommit, GoVersion, Os, Arch, BuildTime, Experimental } =
    server;
  const details = { ApiVersion, MinAPIVersion, GitCommit, GoVersion, Os, Arch, BuildTime };
  return [{ Name: 'Engine', Version, Details: { ...details, Experimental: String(Experimental ?? false) } }];
}

function engineFields(details: Readonly<Record<string, string>>): [string, string][] {
  const of = (name: string) => details[name] ?? '';
  return [
    ['API version', `${of('ApiVersion')} (minimum version ${of('MinAPIVersion')})`],
    ['Go version', of('GoVersion')],
    ['Git commit', of('GitCommit')],
    ['Built', of('BuildTime')],
    ['OS/Arch', `${of('Os')}/${of('Arch')}`],
    ['Experimental', of('Experimental')],
  ];
}

/** `Mon Jan  2 15:04:05 2006`, in the time zone that the daemon gave. */
function formatBuildTime(time: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)/.exec(time);
  if (match === null) return time;
  const [, year, month, day, clock] = match;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const name = (options: Intl.DateTimeFormatOptions) =>
    date.toLocaleDateString('en-US', { ...options, timeZone: 'UTC' });
  return `${name({ weekday: 'short' })} ${name({ month: 'short' })} ${String(Number(day)).padStart(2)} ${clock} ${year}`;
}

function formatFields(indent: string, fields: readonly (readonly [string, string])[]): string {
  const labels = fields.map(([label]) => `${indent}${label}:`);
  const width = Math.max(20, ...labels.map((label) => label.length + 1));
  return fields.map(([, value], i) => `${labels[i]?.padEnd(width)}${value}\n`).join('');
}
