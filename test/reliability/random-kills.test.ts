import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dhowProgram } from '../support/cli.ts';
import { audit } from './load/ledger.ts';
import { createClients, work } from './load/run-clients.ts';
import { createSeeded } from './load/seeded.ts';
import { createWorld, type World } from './world.ts';

/**
 * Clients ask for everything at once, and the daemon dies at a moment that nobody chose. The next one must have all that was promised,
 * and of what was under way either the old state or the new one; after each round nothing is left when all is removed.
 * DHOW_RANDOM_KILLS: how many deaths (default 6); DHOW_RANDOM_SEED: of a run that is to be repeated as far as time lets it.
 */
const deaths = Number(process.env['DHOW_RANDOM_KILLS'] ?? 6);
const seed = Number(process.env['DHOW_RANDOM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const deathsOfRound = 6;
const clientCount = 4;

describe(`a daemon killed under load (seed ${seed})`, () => {
  let world: World;
  before(async () => {
    world = await createWorld({ program: dhowProgram });
  });
  after(() => world?.[Symbol.asyncDispose]());

  const choose = createSeeded(seed);
  for (let first = 0; first < deaths; first += deathsOfRound) {
    it(`deaths from ${first + 1} on`, { timeout: 600_000 }, async (test) => {
      const count = Math.min(deathsOfRound, deaths - first);
      const answered = await liveThrough(world, `r${first}-`, count).catch(async (error: unknown) => {
        await world
          .revive()
          .then(world.wipe)
          .catch(() => {});
        throw error;
      });
      test.diagnostic(`${count} deaths, ${answered} requests answered before them`);
    });
  }

  async function liveThrough(
    { daemon, docker, ...rest }: World,
    prefix: string,
    count: number,
  ): Promise<number> {
    const { remoteImage } = rest;
    const options = { count: clientCount, socket: daemon.socket, seed: choose.fork(), remoteImage, prefix };
    const { ask, clients } = await createClients(options);
    let total = 0;
    for (let death = 0; death < count; death++) {
      const stop = new AbortController();
      const working = work(clients, stop.signal);
      await delay(20 + choose.below(choose.pick([300, 1500, 3000])));
      await daemon.kill9();
      stop.abort();
      const { answered, wrong } = await working;
      total += answered;
      assert.deepEqual(wrong, [], 'answers before the death');
      await rest.revive();
      const broken: string[] = [];
      for (const thing of clients.flatMap(({ things }) => things)) {
        await audit(ask, thing).catch((error: Error) => broken.push(error.message));
      }
      assert.deepEqual(broken, [], `after death ${death + 1}`);
      assert.match(await docker.out('ps', '--format', '{{.Names}}'), /^bystander$/m);
    }
    await rest.checkConsistency();
    await rest.wipe();
    return total;
  }
});
