import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dhowProgram } from '../support/cli.ts';
import { liveThrough } from './load/live-through.ts';
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

describe(`a daemon killed under load (seed ${seed})`, () => {
  let world: World;
  before(async () => {
    world = await createWorld({ program: dhowProgram });
  });
  after(() => world?.[Symbol.asyncDispose]());

  const choose = createSeeded(seed);
  async function die(): Promise<void> {
    await delay(20 + choose.below(choose.pick([300, 1500, 3000])));
    await world.daemon.kill9();
  }
  for (let first = 0; first < deaths; first += deathsOfRound) {
    it(`deaths from ${first + 1} on`, { timeout: 600_000 }, async (test) => {
      const count = Math.min(deathsOfRound, deaths - first);
      const answered = await liveThrough(world, { deaths: count, die, choose, prefix: `r${first}-` });
      test.diagnostic(`${count} deaths, ${answered} requests answered before them`);
    });
  }
});
