import { outputOf } from '../../test/support/command.ts';
import type { BenchEngine } from '../contestants.ts';
import { timeCommand } from '../measure.ts';
import { timeQueries } from '../network/time-queries.ts';
import type { Scenario } from '../scenario.ts';
import { summarize } from '../statistics.ts';

const network = 'bench-names';
const queriesPerRound = 1000;

/** How long a container waits for the address of a sibling. */
export const namesScenario: Scenario = {
  name: 'names',
  async measure({ dhow, dockerd, podman }, { rounds = 5 }) {
    const engines = [dhow, dockerd, podman];
    const clients: { engine: BenchEngine; client: Client; medians: number[] }[] = [];
    for (const engine of engines) clients.push({ engine, client: await startClient(engine), medians: [] });
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const { client, medians } of clients) {
        const microseconds = await timeQueries('server', { ...client, count: queriesPerRound });
        if (round > 0) medians.push(summarize(microseconds).median);
      }
    }
    for (const { cli } of engines) {
      await timeCommand(cli.invoke('rm', '--force', 'server', 'client'));
      await timeCommand(cli.invoke('network', 'rm', network));
    }
    return [
      {
        title: `the address of another container, asked for by UDP from within one; medians of ${queriesPerRound} questions`,
        unit: 'µs',
        rows: clients.map(({ engine, medians }) => ({ name: engine.name, samples: medians })),
        references: [dockerd.name, podman.name],
        notes: clients.map(({ engine, client }) => `${engine.name}: resolver at ${client.server}`),
      },
    ];
  },
};

interface Client {
  readonly namespace: string;
  readonly server: string;
}

async function startClient({ cli }: BenchEngine): Promise<Client> {
  const output = (...args: string[]): Promise<string> => {
    const { program, args: all, environment } = cli.invoke(...args);
    return outputOf(program, all, { environment, timeoutMs: 60_000 });
  };
  await output('network', 'create', network);
  for (const name of ['server', 'client']) {
    await output('run', '--detach', '--name', name, '--network', network, 'busybox', 'sleep', '1000000');
  }
  const pid = await output('inspect', '--format', '{{.State.Pid}}', 'client');
  const resolvConf = await output('exec', 'client', 'cat', '/etc/resolv.conf');
  const server = /^nameserver (\S+)$/m.exec(resolvConf)?.[1];
  if (server === undefined) throw new Error(`${cli.name} gives its containers no name server`);
  return { namespace: `/proc/${pid}/ns/net`, server };
}
