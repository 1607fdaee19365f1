import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';

/** `dhow compose unpause`: lets held processes go on, dependencies first. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[SERVICE...]'],
    operands: {},
    options: {},
    run: (context, { operands }) =>
      forEachContainer(context, choice, manner, operands, 'forwards', ({ id, name, state }) =>
        state === 'paused' ? { kind: 'unpause-container', id, name } : undefined,
      ),
  });
}
