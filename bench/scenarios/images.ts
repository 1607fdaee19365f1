import fs from 'node:fs';
import path from 'node:path';
import { createArchiveWorkers } from '#archive/workers.ts';
import { startRegistry } from '../../test/support/registry.ts';
import { createScratch } from '../../test/support/scratch.ts';
import { type Contestant, contestantNames } from '../contestants.ts';
import { pushRealImage } from '../images/real-image.ts';
import { timeCommand } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf, type Table } from '../table.ts';

const references = [contestantNames.dockerOnDockerd, contestantNames.podman];
const phases = ['pull', 'save', 'rmi', 'load'] as const;
const titles = {
  pull: 'pull from a registry on this machine',
  save: 'save to a file',
  rmi: 'rmi',
  load: 'load from what was saved',
};

/** Bringing a real image here and back again, and unpacking one layer beside plain tar. */
export const imagesScenario: Scenario = {
  name: 'images',
  async measure({ dhow, dockerd, podman }, { rounds = 3 }) {
    const scratch = createScratch();
    await using registry = await startRegistry();
    try {
      const image = await pushRealImage(registry, scratch.directory);
      const contestants = [dhow.cli, dockerd.cli, dhow.dhow, podman.cli];
      const samples = new Map(
        phases.map((phase) => [phase, new Map(contestants.map((one): [Contestant, number[]] => [one, []]))]),
      );
      // The first round warms up: what is compiled late is compiled, the registry's files are cached.
      for (let round = 0; round <= rounds; round++) {
        for (const contestant of contestants) {
          const took = await measureRound(contestant, image.name, scratch.directory);
          if (round > 0) for (const phase of phases) samples.get(phase)?.get(contestant)?.push(took[phase]);
        }
      }
      const tables = phases.map(
        (phase): Table => ({
          title: titles[phase],
          unit: 'ms',
          rows: rowsOf(samples.get(phase) ?? new Map()),
          references,
          notes: [image.description],
        }),
      );
      return [...tables, await measureUnpacking(image.largestLayer, scratch.directory, rounds)];
    } finally {
      scratch.remove();
    }
  },
};

async function measureRound(
  contestant: Contestant,
  image: string,
  directory: string,
): Promise<Record<(typeof phases)[number], number>> {
  const isPodman = contestant.name === contestantNames.podman;
  const archive = path.join(directory, 'saved.tar');
  const run = (...args: string[]): Promise<number> => timeCommand(contestant.invoke(...args));
  const pull = await run('pull', '-q', ...(isPodman ? ['--tls-verify=false'] : []), image);
  const save = await run('save', ...(isPodman ? ['-q'] : []), '-o', archive, image);
  const rmi = await run('rmi', image);
  const load = await run('load', '-q', '-i', archive);
  await run('rmi', image);
  fs.rmSync(archive);
  return { pull, save, rmi, load };
}

async function measureUnpacking(layer: string, directory: string, rounds: number): Promise<Table> {
  const workers = createArchiveWorkers({
    workerUrl: new URL('../../src/archive/archive-worker.ts', import.meta.url),
    count: 1,
  });
  const unpackers = {
    'tar -xzf': (target: string) =>
      timeCommand({ program: 'tar', args: ['-xzf', layer, '-C', target], environment: {} }),
    "Dhow's unpacker": async (target: string) => {
      const started = performance.now();
      const record = { file: `${target}-record`, movedDirectory: `${target}-moved` };
      const source = fs.createReadStream(layer, { highWaterMark: 256 * 1024 });
      const { signal } = new AbortController();
      await workers.unpack(target, source, { whiteouts: 'overlay', record, signal });
      return performance.now() - started;
    },
  };
  const samples = Object.keys(unpackers).map((name) => ({ name, samples: [] as number[] }));
  try {
    for (let round = 0; round <= rounds * 2; round++) {
      for (const [index, unpack] of Object.values(unpackers).entries()) {
        const target = path.join(directory, 'unpacked');
        fs.mkdirSync(target);
        const took = await unpack(target);
        if (round > 0) samples[index]?.samples.push(took);
        await workers.removeTree(target);
        fs.rmSync(`${target}-record`, { force: true });
      }
    }
  } finally {
    await workers[Symbol.asyncDispose]();
  }
  const megabytes = Math.round(fs.statSync(layer).size / 1e6);
  return {
    title: 'unpack the largest layer',
    unit: 'ms',
    rows: samples,
    references: ['tar -xzf'],
    notes: [`${megabytes} MB as gzip; Dhow also computes its digest and writes the record for saving it`],
  };
}
