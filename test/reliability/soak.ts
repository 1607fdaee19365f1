import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dhowProgram } from '../support/cli.ts';
import { createClients, work } from './load/run-clients.ts';
import { createSeeded } from './load/seeded.ts';
import { findGrowth, formatSample, type Sample, sampleTitle, takeSample } from './soak-samples.ts';
import { createWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '4' },
    every: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, count, everySeconds, seed] = [values.minutes, values.clients, values.every, values.seed].map(
  Number,
) as [number, number, number, number];

await using world = await createWorld({ program: dhowProgram });
const { daemon, remoteImage } = world;
const choose = createSeeded(seed);
const samples: Sample[] = [];
const problems: string[] = [];
let requests = 0;
const end = performance.now() + minutes * 60_000;
console.log(
  `load of the machine at the start: ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}`,
);
console.log(sampleTitle);
for (let round = 0; performance.now() < end && problems.length === 0; round++) {
  const { clients } = await createClients({
    ...{ count, socket: daemon.socket, seed: choose.fork(), remoteImage },
    prefix: `s${round}-`,
  });
  const stop = new AbortController();
  const working = work(clients, stop.signal);
  await delay(Math.min(everySeconds * 1000, Math.max(0, end - performance.now())));
  stop.abort();
  const { answered, wrong } = await working;
  requests += answered;
  problems.push(...wrong);
  // Whoever asks again finds nothing of what was: then what has grown, has leaked.
  await world.wipe().catch((error: Error) => problems.push(error.message));
  const sample = takeSample(daemon, requests);
  samples.push(sample);
  console.log(formatSample(sample));
}
// What is given back after a rest (sys/memory.ts) was free before: only the difference from a young daemon was held.
await delay(15_000);
console.log(`at rest:\n${formatSample(takeSample(daemon, requests))}`);
await world.checkConsistency().catch((error: Error) => problems.push(error.message));
problems.push(...findGrowth(samples));
console.log(problems.length === 0 ? `no growth, ${requests} requests` : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;
