import { setTimeout as delay } from 'node:timers/promises';
import type { BenchEngine } from '../contestants.ts';
import { inParallel, timeCommand } from '../measure.ts';
import { type ProcessMemory, readProcesses, totalOf } from '../memory.ts';
import type { Scenario } from '../scenario.ts';

/** Monitors and daemons have put away by then what the starts needed. */
const settleMs = 5000;

/** What an engine itself takes while containers run, each with one published port. */
export const memoryScenario: Scenario = {
  name: 'memory',
  async measure({ dhow, dockerd, podman }, { containers = 20 }) {
    const engines = [dhow, dockerd, podman];
    for (const [index, { cli }] of engines.entries()) {
      await inParallel(containers, 4, (container) => {
        const port = 20_000 + index * 2000 + container;
        const args = ['run', '--detach', '--name', `held-${container}`, '--publish', `${port}:80`];
        return timeCommand(cli.invoke(...args, 'busybox', 'sleep', '1000000'));
      });
    }
    await delay(settleMs);
    const measured = engines.map((engine) => readEngine(engine));
    for (const { cli } of engines) {
      const names = Array.from({ length: containers }, (_, container) => `held-${container}`);
      await timeCommand(cli.invoke('rm', '--force', ...names));
    }
    const reference = measured[1]?.engine.name ?? '';
    const withDaemon = measured.filter(({ daemons }) => daemons.length > 0);
    return [
      {
        title: `memory per running container besides its own processes, ${containers} containers with a port each, PSS`,
        unit: 'KiB',
        rows: measured.map(({ engine, helpers }) => ({
          name: engine.name,
          samples: [totalOf(helpers, 'pss') / containers],
        })),
        references: [reference],
        notes: measured.map(({ engine, helpers }) => `${engine.name}: ${namesOf(helpers)}`),
      },
      ...(['pss', 'rss'] as const).map((measure) => ({
        title: `memory of the daemon with ${containers} running containers, ${measure.toUpperCase()}`,
        unit: 'MiB' as const,
        rows: withDaemon.map(({ engine, daemons }) => ({
          name: engine.name,
          samples: [totalOf(daemons, measure) / 1024],
        })),
        references: [reference],
        notes: withDaemon.map(({ engine, daemons }) => `${engine.name}: ${namesOf(daemons)}`),
      })),
    ];
  },
};

interface Measured {
  readonly engine: BenchEngine;
  readonly daemons: ProcessMemory[];
  readonly helpers: ProcessMemory[];
}

function readEngine(engine: BenchEngine): Measured {
  return {
    engine,
    daemons: readProcesses((process) => engine.isDaemon(process)),
    helpers: readProcesses((process) => engine.isHelper(process)),
  };
}

/** `20 × containerd-shim, 20 × docker-proxy` */
function namesOf(processes: readonly ProcessMemory[]): string {
  const counts = new Map<string, number>();
  for (const { name } of processes) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}
