import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';
import { text, unsupported } from '#cli/options.ts';
import { isActive } from '#compose/observe.ts';

/** `dhow compose kill`: all at once, as a signal is not waited for. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'remove-orphans': unsupported('nothing'),
      signal: text({ short: 's', help: 'SIGNAL to send to the container (default "SIGKILL")' }),
    },
    run: (context, { options: { signal = 'SIGKILL' }, operands }) =>
      forEachContainer(context, choice, manner, operands, 'backwards', (container) =>
        isActive(container)
          ? { kind: 'kill-container', id: container.id, name: container.name, signal }
          : undefined,
      ),
  });
}
