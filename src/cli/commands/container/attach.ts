import { defineCommand } from '#cli/command.ts';
import { reportDetached, runSession } from '#cli/commands/container/session.ts';
import { flag, text } from '#cli/options.ts';
import { chooseDetachKeys } from '#cli/terminal/detach-keys.ts';
import { inspectContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER'],
  operands: { min: 1, max: 1 },
  options: {
    'detach-keys': text({ help: 'Override the key sequence for detaching a container' }),
    'no-stdin': flag({ help: 'Do not attach STDIN' }),
    'sig-proxy': flag({ help: 'Proxy all received signals to the process' }, true),
  },
  async run(context, { options, operands: [name = ''] }) {
    const {
      Id: id,
      Config: config,
      State: state,
    } = await inspectContainer(context.client, name, {}, context.signal);
    if (!state.Running) {
      throw new DhowError('Conflict', 'You cannot attach to a stopped container, start it first');
    }
    if (state.Paused)
      throw new DhowError('Conflict', 'You cannot attach to a paused container, unpause it first');
    if (state.Restarting) {
      throw new DhowError(
        'Conflict',
        'You cannot attach to a restarting container, wait until it is running',
      );
    }
    const terminal = config.Tty ?? false;
    const end = await runSession(context, {
      id,
      stdin: !options['no-stdin'] && (config.OpenStdin ?? false),
      stdout: true,
      stderr: true,
      terminal,
      detachKeys: await chooseDetachKeys(context, options['detach-keys'], terminal),
      forwardSignals: options['sig-proxy'] && !terminal,
      redraw: true,
      until: 'not-running',
    });
    return end === 'detached' ? reportDetached(context) : end;
  },
});
