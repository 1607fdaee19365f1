import { defineCommand } from '#cli/command.ts';
import { layOutTable } from '#cli/output/table.ts';
import { topContainer } from '#client/containers.ts';

/** Docker's for this table alone. */
const minimumWidth = 20;

export const command = defineCommand({
  usage: ['CONTAINER [ps OPTIONS]'],
  operands: { min: 1 },
  options: {},
  interspersed: false,
  async run(context, { operands: [name = '', ...psOptions] }) {
    const { Titles, Processes } = await topContainer(
      context.client,
      name,
      psOptions.join(' '),
      context.signal,
    );
    const rows = [Titles, ...(Processes ?? [])];
    context.stdout.write(layOutTable(rows.map((row) => `${row.join('\t')}\n`).join(''), minimumWidth));
    return 0;
  },
});
