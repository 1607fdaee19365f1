import type { Duplex } from 'node:stream';
import { defineCommand } from '#cli/command.ts';
import { checkTerminal, reportDetached } from '#cli/commands/container/session.ts';
import { readVariables } from '#cli/commands/container/values/key-values.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, list, text } from '#cli/options.ts';
import { chooseDetachKeys } from '#cli/terminal/detach-keys.ts';
import { enterRawMode } from '#cli/terminal/raw-mode.ts';
import { followSize } from '#cli/terminal/resize.ts';
import { copyStdio } from '#cli/terminal/stdio.ts';
import { createExec, inspectExec, resizeExec, startExec, startExecDetached } from '#client/exec.ts';
import { DhowError } from '#errors/error.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER COMMAND [ARG...]'],
  operands: { min: 2 },
  interspersed: false,
  options: {
    detach: flag({ short: 'd', help: 'Detached mode: run command in the background' }),
    'detach-keys': text({ help: 'Override the key sequence for detaching a container' }),
    env: list({ short: 'e', help: 'Set environment variables' }),
    'env-file': list({ help: 'Read in a file of environment variables' }),
    interactive: flag({ short: 'i', help: 'Keep STDIN open even if not attached' }),
    privileged: flag({ help: 'Give extended privileges to the command' }),
    tty: flag({ short: 't', help: 'Allocate a pseudo-TTY' }),
    user: text({ short: 'u', help: 'Username or UID (format: "<name|uid>[:<group|gid>]")' }),
    workdir: text({ short: 'w', help: 'Working directory inside the container' }),
  },
  async run(context, { options, operands }) {
    const [container = '', ...words] = operands;
    const { client, signal } = context;
    const { detach, interactive, tty: terminal } = options;
    const detachKeys = await chooseDetachKeys(context, options['detach-keys'], terminal && !detach);
    const stdin = interactive && !detach;
    if (stdin) checkTerminal(context, terminal);
    const { rows, columns } = context.stdout;
    const size = terminal && rows && columns ? { ConsoleSize: [rows, columns] as [number, number] } : {};
    const variables = readVariables(options['env-file'], options.env, context.environment);

    const { Id: id } = await createExec(
      client,
      container,
      {
        AttachStdin: stdin,
        AttachStdout: !detach,
        AttachStderr: !detach,
        Tty: terminal,
        Cmd: words,
        ...size,
        ...(variables.length === 0 ? {} : { Env: variables }),
        ...(options.privileged ? { Privileged: true } : {}),
        ...(options.user === undefined ? {} : { User: options.user }),
        ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
        ...(detachKeys === undefined ? {} : { DetachKeys: detachKeys }),
      },
      signal,
    );
    if (detach) {
      await startExecDetached(client, id, { Tty: terminal }, signal);
      return 0;
    }
    const { stream } = await startExec(client, id, { Detach: false, Tty: terminal, ...size }, signal);
    if ((await copyExec(context, { id, stream, terminal, stdin, detachKeys })) === 'detached') {
      return reportDetached(context);
    }
    const { ExitCode: code } = await inspectExec(client, id, signal);
    if (code === null) throw new DhowError('Unavailable', 'the command was detached from and goes on');
    return code;
  },
});

async function copyExec(
  context: CliContext,
  exec: { id: string; stream: Duplex; terminal: boolean; stdin: boolean; detachKeys: string | undefined },
): Promise<'ended' | 'detached'> {
  const { id, stream, terminal, stdin } = exec;
  using _raw = terminal && stdin ? enterRawMode(context.stdin) : undefined;
  using _size = terminal
    ? followSize(context, (size, over) => resizeExec(context.client, id, size, over))
    : undefined;
  return await copyStdio({
    stream,
    terminal,
    stdin: stdin ? context.stdin : undefined,
    stdout: () => context.stdout,
    stderr: () => context.stderr,
    detachKeys: parseDetachKeys(exec.detachKeys ?? ''),
  });
}
