import { defineCommand } from '#cli/command.ts';
import { completionScripts } from '#cli/completion/scripts.ts';
import { DhowError } from '#errors/error.ts';

const shells = Object.keys(completionScripts);

export const command = defineCommand({
  usage: [`${shells.join('|')}`],
  operands: { min: 1, max: 1 },
  options: {},
  notes: `Load it in a running shell with "source <(dhow completion bash)", or keep it
where your shell looks for completions.`,
  async run(context, { operands: [shell = ''] }) {
    const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
    if (script === undefined) {
      throw new DhowError('InvalidParameter', `no completion for "${shell}": expected ${shells.join(', ')}`);
    }
    context.stdout.write(script);
    return 0;
  },
});
