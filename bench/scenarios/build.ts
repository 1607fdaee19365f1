import fs from 'node:fs';
import path from 'node:path';
import { createScratch } from '../../test/support/scratch.ts';
import { type Contestant, contestantNames } from '../contestants.ts';
import { timeCommand, warmUp } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

const directories = 200;
const filesEach = 100;
const steps = 20;
const wideStages = 8;
const phases = ['unchanged', 'changed', 'cold', 'wide'] as const;
const deep = `${steps} steps, a context of ${directories * filesEach} files`;
const titles = {
  unchanged: { title: 'build again without changes', note: deep },
  changed: { title: 'build again after a change in one file of the context', note: deep },
  cold: { title: 'build without cache', note: deep },
  wide: {
    title: 'build stages that do not need each other, without cache',
    note: `${wideStages} stages of two commands, and one that copies from all`,
  },
};

/** Twenty steps on a context of many files, and stages side by side, beside dockerd's first builder and podman's, which keeps its steps, too. */
export const buildScenario: Scenario = {
  name: 'build',
  async measure({ dhow, dockerd, podman }, { rounds = 3 }) {
    const scratch = createScratch();
    try {
      const context = path.join(scratch.directory, 'context');
      const wide = path.join(scratch.directory, 'wide');
      writeContext(context);
      writeStages(wide);
      const contestants = [dhow.cli, dockerd.cli, dhow.dhow, podman.cli];
      const build = (contestant: Contestant, ...args: string[]): Promise<number> => {
        const { environment, ...rest } = contestant.invoke('build', '-q', '-t', 'measured', ...args);
        return timeCommand({ ...rest, environment: { ...environment, DOCKER_BUILDKIT: '0' } });
      };
      const samples = new Map(
        phases.map((phase) => [phase, new Map(contestants.map((one): [Contestant, number[]] => [one, []]))]),
      );
      await warmUp(1, contestants, (contestant) => build(contestant, context));
      for (let round = 0; round < rounds; round++) {
        for (const contestant of contestants) {
          const take = (phase: (typeof phases)[number], took: number): unknown =>
            samples.get(phase)?.get(contestant)?.push(took);
          // The context may have changed for another contestant.
          await build(contestant, context);
          take('unchanged', await build(contestant, context));
          // New for each: the two command lines of Dhow share a cache.
          fs.writeFileSync(path.join(context, '7', '7'), `${contestant.name} ${round}`);
          take('changed', await build(contestant, context));
          take('cold', await build(contestant, '--no-cache', context));
          take('wide', await build(contestant, '--no-cache', wide));
        }
      }
      await Promise.all(
        [dhow.cli, dockerd.cli, podman.cli].map((one) => timeCommand(one.invoke('rmi', '-f', 'measured'))),
      );
      return phases.map((phase) => ({
        title: titles[phase].title,
        unit: 'ms',
        rows: rowsOf(samples.get(phase) ?? new Map()),
        references: [contestantNames.dockerOnDockerd, contestantNames.podman],
        notes: [titles[phase].note],
      }));
    } finally {
      scratch.remove();
    }
  },
};

function writeContext(directory: string): void {
  for (let number = 0; number < directories; number++) {
    const inner = path.join(directory, String(number));
    fs.mkdirSync(inner, { recursive: true });
    for (let file = 0; file < filesEach; file++) {
      fs.writeFileSync(path.join(inner, String(file)), `${number} ${file}\n`.repeat(200));
    }
  }
  const lines = Array.from({ length: steps - 1 }, (_, step) => `RUN echo ${step} > /${step}`);
  fs.writeFileSync(
    path.join(directory, 'Dockerfile'),
    ['FROM busybox', ...lines, 'COPY . /all', ''].join('\n'),
  );
}

function writeStages(directory: string): void {
  const names = Array.from({ length: wideStages }, (_, number) => `stage${number}`);
  const lines = names.flatMap((name) => [
    `FROM busybox AS ${name}`,
    `RUN echo ${name} > /made`,
    'RUN head -c 4000000 /dev/zero | sha256sum >> /made',
  ]);
  const copies = names.map((name) => `COPY --from=${name} /made /${name}`);
  fs.mkdirSync(directory);
  fs.writeFileSync(path.join(directory, 'Dockerfile'), [...lines, 'FROM busybox', ...copies, ''].join('\n'));
}
