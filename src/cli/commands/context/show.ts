import { defineCommand } from '#cli/command.ts';

export const command = defineCommand({
  usage: [''],
  operands: { max: 0 },
  options: {},
  async run({ contextName, stdout }) {
    stdout.write(`${contextName}\n`);
    return 0;
  },
});
