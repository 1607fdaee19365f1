import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dhowProgram } from '../support/cli.ts';
import { createLoopFileSystem, type LoopFileSystem } from '../support/loop-file-system.ts';
import { type Ballast, createBallast } from './ballast.ts';
import type { Ask } from './load/api.ts';
import type { Client } from './load/client.ts';
import { audit } from './load/ledger.ts';
import { createClients, work } from './load/run-clients.ts';
import { createSeeded } from './load/seeded.ts';
import { createWorld, type World } from './world.ts';

/**
 * Clients ask for everything at once while the disk of the data root fills up at a moment that nobody chose, to the last byte or nearly so,
 * and is emptied again; one time in three the daemon is killed without space and started without space. What fails must say that there is
 * no space and leave all as it was, what is answered must be so, and with space again all works.
 * DHOW_FULL_DISKS: how often the disk is filled (default 6); DHOW_FULL_DISK_SEED: of a run that is to be repeated as far as time lets it.
 */
const times = Number(process.env['DHOW_FULL_DISKS'] ?? 6);
const seed = Number(process.env['DHOW_FULL_DISK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const timesOfRound = 6;
const clientCount = 4;
const megabytes = 64;
const spares = [0, 0, 4096, 65_536, 524_288, 2_097_152];
/** A command of a build says by itself what it lacked, before its exit code is told. */
const lack = /no space left on device|ENOSPC|returned a non-zero code/i;

describe(`a disk that fills up under load (seed ${seed})`, () => {
  let disk: LoopFileSystem;
  let ballast: Ballast;
  let world: World;
  before(async () => {
    disk = await createLoopFileSystem('ext4', megabytes);
    ballast = createBallast(disk.directory);
    world = await createWorld({ program: dhowProgram, dataRoot: path.join(disk.directory, 'data') });
  });
  after(async () => {
    ballast?.drop();
    await world?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
  });

  const choose = createSeeded(seed);

  /** @returns how many requests were done, and refused for want of space */
  async function fillOnce(clients: readonly Client[]): Promise<{ done: number; refused: number }> {
    const { daemon } = world;
    const { pid } = daemon;
    const stop = new AbortController();
    const working = work(clients, stop.signal);
    await delay(20 + choose.below(choose.pick([300, 1500])));
    ballast.load(choose.pick(spares));
    await delay(20 + choose.below(choose.pick([300, 1500])));
    assert.ok(world.isAlive(), 'the daemon lives without space');
    const dies = choose.below(3) === 0;
    stop.abort();
    // Who waits for the end of a removal waits for space; all others are answered without.
    if (dies) await daemon.kill9();
    else await Promise.race([working, delay(3000)]).then(ballast.drop);
    const { answered, wrong } = await working;
    const unclear = wrong.filter((complaint) => !lack.test(complaint));
    assert.deepEqual(unclear, [], 'answers without space');
    if (dies) await world.revive();
    else assert.equal(daemon.pid, pid);
    return { done: answered, refused: wrong.length };
  }

  async function auditAll(ask: Ask, clients: readonly Client[], when: string): Promise<void> {
    const broken: string[] = [];
    for (const thing of clients.flatMap(({ things }) => things)) {
      await audit(ask, thing).catch((error: Error) => broken.push(error.message));
    }
    assert.deepEqual(broken, [], when);
  }

  async function liveThrough(count: number, prefix: string): Promise<{ done: number; refused: number }> {
    const { ask, clients } = await createClients({
      ...{ count: clientCount, socket: world.daemon.socket, seed: choose.fork(), prefix },
      remoteImage: world.remoteImage,
    });
    const total = { done: 0, refused: 0 };
    for (let time = 0; time < count; time++) {
      const { done, refused } = await fillOnce(clients);
      total.done += done;
      total.refused += refused;
      await auditAll(ask, clients, `after time ${time + 1}`);
      ballast.drop();
      await auditAll(ask, clients, `with space again after time ${time + 1}`);
    }
    world.forgiveLog(lack);
    await world.checkConsistency();
    await world.wipe();
    return total;
  }

  for (let first = 0; first < times; first += timesOfRound) {
    it(`times from ${first + 1} on`, { timeout: 600_000 }, async (test) => {
      const count = Math.min(timesOfRound, times - first);
      try {
        const { done, refused } = await liveThrough(count, `f${first}-`);
        test.diagnostic(`full ${count} times, ${done} requests done, ${refused} refused`);
      } catch (error) {
        ballast.drop();
        await world
          .revive()
          .then(world.wipe)
          .catch(() => {});
        throw error;
      }
    });
  }
});
