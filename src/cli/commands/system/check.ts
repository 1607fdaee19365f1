import { defineCommand } from '#cli/command.ts';
import { flag } from '#cli/options.ts';
import { failureOf } from '#cli/output/progress.ts';
import { checkStore } from '#client/store-check.ts';
import type { StoreCheckResult } from '#wire/store-check.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    quiet: flag({ short: 'q', help: 'Print nothing but what is wrong' }),
    repair: flag({ help: 'Mend what is found' }),
  },
  async run(context, { options }) {
    const { stdout, stderr } = context;
    const showsProgress = stderr.isTTY === true && !options.quiet;
    let result: StoreCheckResult | undefined;
    for await (const message of await checkStore(context.client, options.repair, context.signal)) {
      const failure = failureOf(message);
      if (failure !== undefined) throw failure;
      if (message.aux !== undefined) result = message.aux as StoreCheckResult;
      else if (showsProgress) {
        const { current = 0, total = 0 } = message.progressDetail ?? {};
        stderr.write(`\rChecking ${current + 1} of ${total}: ${message.id ?? ''}\x1b[K`);
      }
    }
    if (showsProgress) stderr.write('\r\x1b[K');
    const problems = result?.Problems ?? [];
    for (const { Kind, Subject, Detail, Outcome, Remedy } of problems) {
      const said = { mended: 'mended', 'not-mended': 'NOT mended', found: 'found' }[Outcome] ?? Outcome;
      stdout.write(`${Kind} ${Subject}: ${Detail} (${said}: ${Remedy})\n`);
    }
    if (problems.length === 0 && !options.quiet) stdout.write('Everything is as it should be.\n');
    return problems.some(({ Outcome }) => Outcome !== 'mended') ? 1 : 0;
  },
});
