import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { timeoutOption } from '#cli/commands/compose/stop-settings.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';
import { isActive } from '#compose/observe.ts';

/** `dhow compose stop`: stops containers and keeps them, dependents first. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: { timeout: timeoutOption },
    run: (context, { options: { timeout: timeoutSeconds }, operands }) =>
      forEachContainer(context, choice, manner, operands, 'backwards', (container) =>
        isActive(container)
          ? { kind: 'stop-container', id: container.id, name: container.name, timeoutSeconds }
          : undefined,
      ),
  });
}
