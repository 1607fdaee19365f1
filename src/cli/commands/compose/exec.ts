import { type Command, defineCommand } from '#cli/command.ts';
import { optionWords, runWords } from '#cli/commands/compose/delegate.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { findContainer, findTarget } from '#cli/commands/compose/target.ts';
import { command as execCommand } from '#cli/commands/container/exec.ts';
import { flag, integer, list, text } from '#cli/options.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose exec`: with a terminal where there is one, as people expect it here. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE COMMAND [ARGS...]'],
    operands: { min: 2 },
    interspersed: false,
    startsProcess: true,
    options: {
      detach: flag({ short: 'd', help: 'Detached mode: Run command in the background' }),
      env: list({ short: 'e', help: 'Set environment variables' }, 'stringArray'),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      interactive: flag({ short: 'i', help: '' }, true),
      'no-tty': flag({ short: 'T', hiddenNames: ['no-TTY'], help: 'Disable pseudo-TTY allocation' }),
      privileged: flag({ help: 'Give extended privileges to the process' }),
      tty: flag({ short: 't', help: '' }, true),
      user: text({ short: 'u', help: 'Run the command as this user' }),
      workdir: text({ short: 'w', help: 'Path to workdir directory for this command' }),
    },
    async run(context, { options, operands: [service = '', ...words] }) {
      const target = findTarget(context, choice, [service]);
      const { id } = await findContainer(context, target, service, options.index);
      if (manner.dryRun) {
        if (!options.detach) {
          throw new DhowError('InvalidParameter', 'interactive exec is not supported in dry-run mode');
        }
        const shown = words.map((word) => JSON.stringify(word)).join(' ');
        context.stdout.write(` DRY-RUN MODE - Executing command [${shown}] in ${id} (detached mode)\n`);
        return 0;
      }
      const hasTerminal = context.stdin.isTTY === true && context.stdout.isTTY === true;
      const terminal = options.tty && !options['no-tty'] && hasTerminal;
      return runWords(context, execCommand, [
        ...(options.detach ? ['--detach'] : []),
        ...(options.interactive && !options.detach ? ['--interactive'] : []),
        ...(terminal ? ['--tty'] : []),
        ...(options.privileged ? ['--privileged'] : []),
        ...optionWords('env', options.env),
        ...optionWords('user', options.user),
        ...optionWords('workdir', options.workdir),
        id,
        ...words,
      ]);
    },
  });
}
