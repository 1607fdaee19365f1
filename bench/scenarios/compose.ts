import path from 'node:path';
import { repository } from '../../test/support/cli.ts';
import { outputOf } from '../../test/support/command.ts';
import { buildGoProgram } from '../../test/support/go-program.ts';
import { createScratch } from '../../test/support/scratch.ts';
import type { BenchEngine, Contestant } from '../contestants.ts';
import { interleave, timeCommand } from '../measure.ts';
import type { Engines, Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

const examples = path.join(repository, 'examples');
const file = path.join(examples, 'seed/compose.yaml');
const base = 'debian:bookworm-slim';
const images = { elasticsearch: 'elasticsearch', neo4j: 'neo4j', seed: 'seed/app' };

/**
 * Elasticsearch, Neo4j and the Sinatra application of examples/seed, from nothing but images until all three are healthy. Needs Debian's archive
 * and Maven Central, and for Docker Compose itself `go`. AUTHORITY: PEM file of the authority of a proxy before them, where there is one.
 */
export const composeScenario: Scenario = {
  name: 'compose',
  async measure(engines, { rounds = 3 }) {
    await makeImages(engines);
    const contestants = await findContestants(engines);
    const samples = await interleave(rounds, contestants, async (contestant) => {
      const took = await timeCommand(contestant.invoke('up', '--detach', '--wait'));
      await timeCommand(contestant.invoke('down', '--volumes', '--timeout', '1'));
      return took;
    });
    const names = Object.keys(images).map((name) => `dhow-examples/${name}`);
    await Promise.all(
      [engines.dhow, engines.dockerd].map(({ cli }) =>
        timeCommand(cli.invoke('rmi', '--force', base, ...names)),
      ),
    );
    return [
      {
        title: 'compose up of examples/seed, until all services are healthy',
        unit: 'ms',
        rows: rowsOf(samples),
        references: contestants.slice(-1).map(({ name }) => name),
        notes: ['most of it is what Elasticsearch and Neo4j take to start'],
      },
    ];
  },
};

/** Built on Dhow, so that both engines run the same images. */
async function makeImages({ dhow, dockerd }: Engines): Promise<void> {
  await timeCommand(dhow.dhow.invoke('image', 'bootstrap', '--quiet', base));
  const authority = process.env['AUTHORITY'];
  const secret = authority === undefined ? [] : ['--secret', `id=authority,src=${authority}`];
  for (const [name, directory] of Object.entries(images)) {
    const args = ['--quiet', ...secret, '--tag', `dhow-examples/${name}`, path.join(examples, directory)];
    await timeCommand(dhow.dhow.invoke('build', ...args));
  }
  const scratch = createScratch();
  try {
    const archive = path.join(scratch.directory, 'images.tar');
    const names = [base, ...Object.keys(images).map((name) => `dhow-examples/${name}`)];
    await timeCommand(dhow.cli.invoke('save', '--output', archive, ...names));
    await timeCommand(dockerd.cli.invoke('load', '--quiet', '--input', archive));
  } finally {
    scratch.remove();
  }
}

/** The last one is what the others are measured by. */
async function findContestants({ dhow, dockerd }: Engines): Promise<Contestant[]> {
  const options = ['--project-name', 'seed', '--file', file, '--progress', 'quiet'];
  const compose = await findDockerCompose();
  const docker = (engine: BenchEngine, name: string): Contestant => ({
    name,
    invoke: (...args) => ({
      program: compose ?? dhow.dhow.invoke().program,
      args: [...(compose === undefined ? ['compose'] : []), ...options, ...args],
      environment: engine.cli.invoke().environment,
    }),
  });
  return [
    { name: 'dhow compose', invoke: (...args) => dhow.dhow.invoke('compose', ...options, ...args) },
    ...(compose === undefined ? [] : [docker(dhow, 'Docker Compose on Dhow')]),
    docker(dockerd, `${compose === undefined ? 'dhow' : 'Docker'} Compose on dockerd`),
  ];
}

/** @returns undefined where there is no go */
function findDockerCompose(): Promise<string | undefined> {
  return outputOf('go', ['version']).then(
    () => buildGoProgram('compose', 'github.com/docker/compose/v2/cmd', 'v2.40.3'),
    () => undefined,
  );
}
