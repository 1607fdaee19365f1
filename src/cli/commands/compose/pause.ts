import { type Command, defineCommand } from '#cli/command.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { forEachContainer } from '#cli/commands/compose/target.ts';

/** `dhow compose pause`: holds all processes, dependents first. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[SERVICE...]'],
    operands: {},
    options: {},
    run: (context, { operands }) =>
      forEachContainer(context, choice, manner, operands, 'backwards', ({ id, name, state }) =>
        state === 'running' ? { kind: 'pause-container', id, name } : undefined,
      ),
  });
}
