import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { topContainer } from '#client/containers.ts';
import { observeContainers } from '#compose/observe.ts';

/** `dhow compose top`: the processes of all containers in one table. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[SERVICES...]'],
    operands: {},
    options: {},
    async run(context, { operands }) {
      const { client, signal } = context;
      const target = findTarget(context, choice, operands);
      const all = await observeContainers(client, target.name, signal);
      const running = selectContainers(target, all, operands).filter(({ state }) => state === 'running');
      const tops = await Promise.all(
        running.map(async ({ id, service, number }) => {
          const { Titles: titles, Processes: processes } = await topContainer(client, id, '', signal);
          return { service, number, titles, processes: processes ?? [] };
        }),
      );
      if (tops.length === 0) return 0;
      const titles = [...new Set(tops.flatMap((top) => top.titles))];
      const rows = tops.flatMap((top) =>
        top.processes.map((process) => [
          top.service,
          String(top.number),
          ...titles.map((title) => process[top.titles.indexOf(title)] ?? '-'),
        ]),
      );
      context.stdout.write(layOut([['SERVICE', '#', ...titles], ...rows]));
      return 0;
    },
  });
}

const gap = 2;
const minimumWidth = 4;

/** Columns stand closer than in other tables. */
function layOut(rows: readonly (readonly string[])[]): string {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(minimumWidth, ...rows.map((row) => (row[column] ?? '').length + gap)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === last ? cell : cell.padEnd(widths[column] ?? 0))).join(''),
  );
  return lines.map((line) => `${line}\n`).join('');
}
