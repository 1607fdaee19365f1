import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { timeoutOption } from '#cli/commands/compose/stop-settings.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';
import { unsupported } from '#cli/options.ts';

/** `dhow compose restart`: dependencies first. What was stopped is started. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: { 'no-deps': unsupported('nothing'), timeout: timeoutOption },
    run: (context, { options: { timeout: timeoutSeconds }, operands }) =>
      forEachContainer(context, choice, operands, 'forwards', ({ id, name }) => ({
        kind: 'restart-container',
        id,
        name,
        timeoutSeconds,
      })),
  });
}
