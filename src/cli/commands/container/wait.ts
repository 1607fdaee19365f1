import { defineCommand } from '#cli/command.ts';
import { printFailure } from '#cli/output/failures.ts';
import { watchExit } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {},
  async run(context, { operands }) {
    const exits = operands.map((name) => watchExit(context.client, name, 'not-running', context.signal));
    for (const exit of exits) exit.catch(() => {});
    let code = 0;
    for (const exit of exits) {
      try {
        const { StatusCode } = await (await exit).exited;
        context.stdout.write(`${StatusCode}\n`);
      } catch (error) {
        if (context.signal.aborted) throw error;
        printFailure(context, error);
        code = 1;
      }
    }
    return code;
  },
});
