import { type Command, defineCommand } from '#cli/command.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findTarget } from '#cli/commands/compose/target.ts';
import { showStats } from '#cli/commands/container/stats.ts';
import { flag } from '#cli/options.ts';
import { listFormat } from '#cli/output/list-format.ts';
import { label } from '#compose/labels.ts';

/** `dhow compose stats`: what the project's containers, or those of one service, use. */
export function createVerb(choice: ProjectChoice): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE]'],
    operands: { max: 1 },
    options: {
      all: flag({ short: 'a', help: 'Show all containers (default shows just running)' }),
      format: listFormat,
      'no-stream': flag({ help: 'Disable streaming stats and only pull the first result' }),
      'no-trunc': flag({ help: 'Do not truncate output' }),
    },
    run(context, { options, operands }) {
      const { name } = findTarget(context, choice, operands);
      const services = operands.map((service) => `${label.service}=${service}`);
      return showStats(context, options, { names: [], labels: [`${label.project}=${name}`, ...services] });
    },
  });
}
