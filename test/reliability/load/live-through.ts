import assert from 'node:assert/strict';
import type { World } from '../world.ts';
import { audit } from './ledger.ts';
import { createClients, work } from './run-clients.ts';
import type { Seeded } from './seeded.ts';

const clientCount = 4;

/**
 * Lets clients ask for everything at once while the daemon dies, again and again, and holds the next daemon to what was promised. Throws when
 * something is wrong, and leaves the world as it was in any case.
 * @param die brings about the death number `index`, and resolves when the daemon is dead
 * @param prefix of the names of all objects
 * @returns how many requests were answered
 */
export async function liveThrough(
  world: World,
  options: { deaths: number; die: (index: number) => Promise<void>; choose: Seeded; prefix: string },
): Promise<number> {
  try {
    return await live(world, options);
  } catch (error) {
    await world
      .revive()
      .then(world.wipe)
      .catch(() => {});
    throw error;
  }
}

async function live(
  world: World,
  { deaths, die, choose, prefix }: Parameters<typeof liveThrough>[1],
): Promise<number> {
  const { daemon, remoteImage } = world;
  const { ask, clients } = await createClients({
    ...{ count: clientCount, socket: daemon.socket, seed: choose.fork(), remoteImage, prefix },
  });
  let total = 0;
  for (let death = 0; death < deaths; death++) {
    const stop = new AbortController();
    const working = work(clients, stop.signal);
    await die(death);
    stop.abort();
    const { answered, wrong } = await working;
    total += answered;
    assert.deepEqual(wrong, [], 'answers before the death');
    await world.revive();
    const broken: string[] = [];
    for (const thing of clients.flatMap(({ things }) => things)) {
      await audit(ask, thing).catch((error: Error) => broken.push(error.message));
    }
    assert.deepEqual(broken, [], `after death ${death + 1}`);
  }
  await world.checkConsistency();
  await world.wipe();
  return total;
}
