import { defineCommand } from '#cli/command.ts';
import { forEachInOrder } from '#cli/commands/container/each.ts';
import { runSession } from '#cli/commands/container/session.ts';
import { flag, text, unsupported } from '#cli/options.ts';
import { chooseDetachKeys } from '#cli/terminal/detach-keys.ts';
import { inspectContainer, startContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options: {
    attach: flag({ short: 'a', help: 'Attach STDOUT/STDERR and forward signals' }),
    checkpoint: unsupported('value'),
    'checkpoint-dir': unsupported('value'),
    'detach-keys': text({ help: 'Override the key sequence for detaching a container' }),
    interactive: flag({ short: 'i', help: "Attach container's STDIN" }),
  },
  async run(context, { options, operands }) {
    const { client, signal } = context;
    if (!options.attach && !options.interactive) {
      return forEachInOrder(context, operands, (name) => startContainer(client, name, signal));
    }
    const [name = '', ...more] = operands;
    if (more.length > 0) {
      throw new DhowError('InvalidParameter', 'you cannot start and attach multiple containers at once');
    }
    const { Id: id, Config: config, HostConfig: host } = await inspectContainer(client, name, {}, signal);
    const terminal = config.Tty ?? false;
    const end = await runSession(context, {
      id,
      start: () => startContainer(client, id, signal),
      stdin: options.interactive && (config.OpenStdin ?? false),
      stdout: true,
      stderr: true,
      terminal,
      detachKeys: await chooseDetachKeys(context, options['detach-keys'], terminal),
      forwardSignals: !terminal,
      until: host.AutoRemove ? 'removed' : 'next-exit',
    });
    return end === 'detached' ? 0 : end;
  },
});
