import fs from 'node:fs';
import { outputOf, runCommand } from '../../test/support/command.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { BenchEngine, EngineName } from '../contestants.ts';
import { type Invocation, interleave, timeCommand } from '../measure.ts';
import { type OutsideHost, startOutsideHost } from '../network/outside-host.ts';
import type { Engines, Scenario } from '../scenario.ts';
import { rowsOf, type Table } from '../table.ts';

const network = 'bench-throughput';
const iperfPort = 5201;
const seconds = 2;

/** An engine with a server and a client on one network, and the host port that leads to the server. */
interface Stand {
  readonly name: string;
  readonly engine: BenchEngine;
  readonly hostPort: number;
}

/** From where to where, by a client that runs `iperf3`. */
interface Route {
  readonly title: string;
  client(stand: Stand, outside: OutsideHost): Invocation;
  readonly without?: EngineName;
  readonly note?: string;
}

const published = ({ hostPort }: Stand): string[] => ['-p', String(hostPort)];
const inClient = ({ engine }: Stand, ...args: string[]): Invocation =>
  engine.cli.invoke('exec', 'client', 'iperf3', ...args);
const onHost = (...args: string[]): Invocation => ({ program: 'iperf3', args, environment: {} });

const routes: readonly Route[] = [
  { title: 'from container to container', client: (stand) => inClient(stand, '-c', 'server') },
  {
    title: 'from another machine to a published port',
    client: (stand, outside) => outside.invoke('iperf3', '-c', outside.hostAddress, ...published(stand)),
  },
  {
    title: 'from another machine to a published port, UDP in packets of 1,400 bytes',
    client: (stand, outside) =>
      outside.invoke('iperf3', '-c', outside.hostAddress, ...published(stand), '-u', '-b', '0', '-l', '1400'),
    note: 'what arrives of what is sent as fast as possible',
  },
  {
    title: 'from a container to a port that its sibling has published, by the host’s address',
    client: (stand, outside) => inClient(stand, '-c', outside.hostAddress, ...published(stand)),
  },
  {
    title: 'from the host to a published port at 127.0.0.1',
    client: (stand) => onHost('-c', '127.0.0.1', ...published(stand)),
  },
  {
    title: 'from the host to a published port at ::1',
    client: (stand) => onHost('-c', '::1', ...published(stand)),
    without: 'podman',
    note: 'podman does not publish by IPv6 here; Dhow’s daemon and docker-proxy pass the bytes on',
  },
];

/** What passes between containers, and through published ports, by iperf3. */
export const throughputScenario: Scenario = {
  name: 'throughput',
  async measure(engines, { rounds = 3 }) {
    await using outside = await startOutsideHost();
    const stands = await startStands(engines);
    const tables: Table[] = [];
    for (const route of routes) {
      const own = stands.filter(({ engine }) => engine.name !== route.without);
      for (const stand of own) await waitForServer(route.client(stand, outside));
      const samples = await interleave(rounds, own, (stand) => measureRate(route.client(stand, outside)));
      tables.push({
        title: `${route.title}; more is better`,
        unit: 'Gbit/s',
        rows: rowsOf(samples),
        references: own.map(({ name }) => name).filter((name) => name !== engines.dhow.name),
        ...(route.note === undefined ? {} : { notes: [route.note] }),
      });
    }
    for (const { engine } of stands) {
      await timeCommand(engine.cli.invoke('rm', '--force', 'server', 'client'));
      await timeCommand(engine.cli.invoke('network', 'rm', network));
    }
    return tables;
  },
};

async function startStands({ dhow, dockerd, podman }: Engines): Promise<Stand[]> {
  const stands = [dhow, dockerd, podman].map((engine, index) => ({
    name: engine.name,
    engine,
    hostPort: 20_000 + index,
  }));
  // The host's own iperf3, with all that it is linked to.
  const program = ['/usr', '/lib', '/lib64']
    .filter((directory) => fs.existsSync(directory))
    .flatMap((directory) => ['--volume', `${directory}:${directory}:ro`]);
  for (const { engine, hostPort } of stands) {
    await timeCommand(engine.cli.invoke('network', 'create', network));
    const run = (name: string, ...rest: string[]): Promise<number> =>
      timeCommand(
        engine.cli.invoke('run', '--detach', '--name', name, '--network', network, ...program, ...rest),
      );
    const ports = ['tcp', 'udp'].flatMap((protocol) => ['--publish', `${hostPort}:${iperfPort}/${protocol}`]);
    await run('server', ...ports, 'busybox', 'iperf3', '--server');
    await run('client', 'busybox', 'sleep', '1000000');
  }
  return stands;
}

async function waitForServer({ program, args, environment }: Invocation): Promise<void> {
  await waitFor('iperf3 to answer', async () => {
    const { code } = await runCommand(program, [...args, '--bytes', '1K'], { environment });
    return code === 0;
  });
}

/** In 10⁹ bits a second, as the server has received them. */
async function measureRate({ program, args, environment }: Invocation): Promise<number> {
  const text = await outputOf(program, [...args, '--json', '--time', String(seconds)], { environment });
  const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e9;
}
