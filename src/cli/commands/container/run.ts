import { defineCommand } from '#cli/command.ts';
import { createFromOptions } from '#cli/commands/container/create-container.ts';
import { createOptions } from '#cli/commands/container/create-options.ts';
import { missesTerminal, runSession } from '#cli/commands/container/session.ts';
import { flag, text } from '#cli/options.ts';
import { chooseDetachKeys } from '#cli/terminal/detach-keys.ts';
import { startContainer } from '#client/containers.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] IMAGE [COMMAND] [ARG...]'],
  operands: { min: 1 },
  interspersed: false,
  failureCode: 125,
  startsProcess: true,
  options: {
    ...createOptions,
    detach: flag({ short: 'd', help: 'Run container in background and print container ID' }),
    'detach-keys': text({ help: 'Override the key sequence for detaching a container' }),
    'sig-proxy': flag({ help: 'Proxy received signals to the process' }, true),
  },
  async run(context, { options, given, operands }) {
    const [image = '', ...command] = operands;
    const { detach, tty: terminal } = options;
    const stdin = options.interactive || options.attach.includes('stdin');
    let mistake: string | undefined;
    if (detach && options.attach.length > 0) {
      mistake = 'conflicting options: cannot specify both --attach and --detach';
    } else if (!detach && stdin) mistake = missesTerminal(context, terminal);
    // Told before a container is made for nothing, and with another code than what concerns the container.
    if (mistake !== undefined) {
      context.stderr.write(`${mistake}\n`);
      return 1;
    }
    const detachKeys = await chooseDetachKeys(context, options['detach-keys'], terminal && !detach);
    const { id, request } = await createFromOptions(context, options, { given, image, command, detach });
    const start = () => startContainer(context.client, id, context.signal);
    if (detach) {
      await start();
      context.stdout.write(`${id}\n`);
      return 0;
    }
    const end = await runSession(context, {
      id,
      start,
      stdin: request.AttachStdin ?? false,
      stdout: request.AttachStdout ?? false,
      stderr: request.AttachStderr ?? false,
      terminal,
      detachKeys,
      forwardSignals: options['sig-proxy'],
      until: options.rm ? 'removed' : 'next-exit',
    });
    return end === 'detached' ? 0 : end;
  },
});
