import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';
import { unsupported } from '#cli/options.ts';
import { isActive } from '#compose/observe.ts';

/** `dhow compose start`: starts what was stopped, dependencies first. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[SERVICE...]'],
    operands: {},
    options: { wait: unsupported('nothing'), 'wait-timeout': unsupported('value') },
    run: (context, { operands }) =>
      forEachContainer(context, choice, operands, 'forwards', (container) =>
        isActive(container) ? undefined : { kind: 'start-container', id: container.id, name: container.name },
      ),
  });
}
