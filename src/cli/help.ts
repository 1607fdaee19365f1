import type { Command } from '#cli/command.ts';
import type { Option, OptionTable } from '#cli/options.ts';
import type { CommandEntry } from '#cli/registry.ts';

/** `Usage:  dhow run [OPTIONS] IMAGE…`, one line for each form. */
export function usageLines(name: string, command: Command): string {
  return command.usage
    .map((form, index) => `${index === 0 ? 'Usage: ' : '       '} dhow ${name} ${form}`.trimEnd())
    .join('\n');
}

/** What `dhow <command> --help` prints. */
export function commandHelp(name: string, entry: CommandEntry, command: Command, width: number): string {
  const parts = [usageLines(name, command), entry.summary];
  if (entry.names.length > 1) {
    parts.push(`Aliases:\n  ${entry.names.map((alias) => `dhow ${alias}`).join(', ')}`);
  }
  const options = optionLines(command.options, width);
  if (options !== '') parts.push(`Options:\n${options}`);
  if (command.verbs !== undefined) {
    const rows = command.verbs.entries.map(({ names, summary }) => [names[0] ?? '', summary] as const);
    parts.push(`Commands:\n${layOut(rows, width)}`);
  }
  if (command.notes !== undefined) parts.push(command.notes.trimEnd());
  return `${parts.join('\n\n')}\n`;
}

/** What `dhow container` prints. */
export function groupHelp(
  group: string,
  summary: string,
  registry: readonly CommandEntry[],
  width: number,
): string {
  const rows = registry.flatMap((entry): [string, string][] => {
    const name = entry.names[0] ?? '';
    return name.startsWith(`${group} `) ? [[name.slice(group.length + 1), entry.summary]] : [];
  });
  return [
    `Usage:  dhow ${group} COMMAND`,
    summary,
    `Commands:\n${layOut(rows.sort(byName), width)}`,
    `Run 'dhow ${group} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

/** What `dhow --help` shows first, in this order: Docker's choice, and `compose`. */
const common = 'run exec ps build compose pull push images login logout search version info'.split(' ');

/** What `dhow` and `dhow --help` print. */
export function overview(
  registry: readonly CommandEntry[],
  groups: Readonly<Record<string, string>>,
  globalOptions: OptionTable,
  width: number,
): string {
  const short = new Map([['daemon', 'Run the engine in the foreground']]);
  for (const { names, summary } of registry) {
    const name = names.find((candidate) => !candidate.includes(' '));
    if (name !== undefined) short.set(name, summary);
  }
  const rowsOf = (names: readonly string[]) => names.map((name) => [name, short.get(name) ?? ''] as const);
  const others = [...short.keys()].filter((name) => !common.includes(name)).sort();
  const used = new Set(registry.map((entry) => entry.names[0]?.split(' ')[0] ?? ''));
  const management = Object.entries(groups).filter(([name]) => used.has(name));
  return [
    'Usage:  dhow [OPTIONS] COMMAND',
    "A container engine: runs, builds and keeps containers. Speaks Docker's API.",
    `Common commands:\n${layOut(rowsOf(common), width)}`,
    `Management commands:\n${layOut(management.sort(byName), width)}`,
    `Commands:\n${layOut(rowsOf(others), width)}`,
    `Global options:\n${optionLines(globalOptions, width)}`,
    "Run 'dhow COMMAND --help' for more information on a command.\n",
  ].join('\n\n');
}

function optionLines(table: OptionTable, width: number): string {
  const rows = Object.entries(table)
    .filter(([, option]) => option.help !== '')
    .sort(byName)
    .map(([name, option]): [string, string] => [
      optionName(name, option),
      option.help + shownDefault(option),
    ]);
  return layOut(rows, width);
}

function optionName(name: string, option: Option<unknown>): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `${short}--${name}${option.valueName === '' ? '' : ` ${option.valueName}`}`;
}

function shownDefault(option: Option<unknown>): string {
  return option.initial === true ? ' (default true)' : '';
}

/** Two columns, the second wrapped to what is left of the width. */
function layOut(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.max(...rows.map(([name]) => name.length), 0) + 3;
  const right = Math.max(width - left - 2, 24);
  return rows
    .map(([name, description]) => {
      const [first = '', ...more] = wrap(description, right);
      const indent = ' '.repeat(left + 2);
      return [`  ${name.padEnd(left)}${first}`.trimEnd(), ...more.map((line) => indent + line)].join('\n');
    })
    .join('\n');
}

function wrap(description: string, width: number): string[] {
  return description.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
