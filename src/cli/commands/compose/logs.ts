import { type Command, defineCommand } from '#cli/command.ts';
import { followProject } from '#cli/commands/compose/follow-project.ts';
import { createLogPrinter, shortName, wantsColour } from '#cli/commands/compose/log-printer.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { mergeByTime } from '#cli/commands/compose/merge-logs.ts';
import type { ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { readLogLines } from '#cli/commands/compose/read-lines.ts';
import { findTarget, selectContainers } from '#cli/commands/compose/target.ts';
import { parseMoment } from '#cli/commands/system/timestamp.ts';
import { flag, integer, text } from '#cli/options.ts';
import { inspectContainer } from '#client/containers.ts';
import { observeContainers } from '#compose/observe.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose logs`: lines of all containers in the order of time, or as they come. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      follow: flag({ short: 'f', help: 'Follow log output' }),
      index: integer({ help: 'Index of the container if service has multiple replicas' }),
      'no-color': flag({ help: 'Produce monochrome output' }),
      'no-log-prefix': flag({ help: "Don't print prefix in logs" }),
      since: text({
        help: 'Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)',
      }),
      tail: text({
        short: 'n',
        help: 'Number of lines to show from the end of the logs for each container (default "all")',
      }),
      timestamps: flag({ short: 't', help: 'Show timestamps' }),
      until: text({
        help: 'Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)',
      }),
    },
    async run(context, { options, operands }) {
      const { client, signal, stdout, stderr } = context;
      const { index, follow, timestamps } = options;
      if (index !== undefined && operands.length !== 1) {
        throw new DhowError('InvalidParameter', '--index needs one service');
      }
      if (follow && options.until !== undefined) {
        throw new DhowError('InvalidParameter', '--follow and --until exclude each other');
      }
      const target = findTarget(context, choice, operands);
      const now = Date.now();
      const query = {
        ...(options.since ? { since: parseMoment(options.since, now) } : {}),
        ...(options.until ? { until: parseMoment(options.until, now) } : {}),
        tail: options.tail ?? 'all',
      };
      const choose = async () => {
        const containers = selectContainers(
          target,
          await observeContainers(client, target.name, signal),
          operands,
        );
        return index === undefined ? containers : containers.filter(({ number }) => number === index);
      };
      const createPrinter = (names: readonly string[]) =>
        createLogPrinter(
          {
            stdout,
            stderr,
            colour: wantsColour(context, manner, options['no-color']),
            prefix: !options['no-log-prefix'],
          },
          names,
        );
      if (!follow) {
        const containers = await choose();
        const printer = createPrinter(containers.map(({ name }) => shortName(target.name, name)));
        const sources = containers.map(async ({ id, name }) => {
          const { Config: config } = await inspectContainer(client, id, {}, signal);
          const lines = readLogLines(client, id, { ...query, timestamps: true }, config.Tty ?? false, signal);
          return { writer: printer(shortName(target.name, name)), lines };
        });
        await mergeByTime(await Promise.all(sources), timestamps);
        return 0;
      }
      const following = await followProject(
        {
          client,
          project: target.name,
          printer: createPrinter([]),
          timestamps,
          prints: (service, number) =>
            (operands.length === 0 || operands.includes(service)) &&
            (index === undefined || index === number),
          onExit() {},
        },
        signal,
      );
      try {
        for (const container of await choose())
          following.attach(container, { ...query, since: query.since ?? '0' });
        await Promise.race([following.idle(), following.failed]);
      } finally {
        following.close();
      }
      return 0;
    },
  });
}
