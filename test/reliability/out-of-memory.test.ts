import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { liveThrough } from './load/live-through.ts';
import { createSeeded } from './load/seeded.ts';
import { createWorld, type World } from './world.ts';

/** DHOW_OOM_DEATHS: how often. */
const deaths = Number(process.env['DHOW_OOM_DEATHS'] ?? 2);
/** What the daemon may take besides what it has: little at first, so that it dies at different work. */
const megabytes = [8, 24, 16, 40];
const [hierarchy, limitFile] = fs.existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')
  ? ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes']
  : ['/sys/fs/cgroup', 'memory.max'];
const cgroup = path.join(hierarchy, `dhow-oom-${process.pid}`);

describe('a daemon that the kernel kills for want of memory', () => {
  let world: World;
  before(async () => {
    world = await createWorld({ program: dhowProgram });
    fs.mkdirSync(cgroup);
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await waitFor('the cgroup to be empty', () => {
      fs.rmdirSync(cgroup);
      return true;
    });
  });

  it('keeps its promises, and its containers go on', { timeout: 600_000 }, async (test) => {
    const choose = createSeeded(process.pid);
    async function die(index: number): Promise<void> {
      // What it has taken already stays with its own cgroup in version 1.
      const has = hierarchy.endsWith('memory') ? 0 : residentBytes(world.daemon.pid);
      const limit = has + (megabytes[index % megabytes.length] ?? 8) * 1024 * 1024;
      fs.writeFileSync(path.join(cgroup, limitFile), String(limit));
      fs.writeFileSync(path.join(cgroup, 'cgroup.procs'), String(world.daemon.pid));
      await waitFor('the daemon to run out of memory', () => !world.isAlive(), 200_000);
    }
    const answered = await liveThrough(world, { deaths, die, choose, prefix: 'oom-' });
    test.diagnostic(`${deaths} deaths, ${answered} requests answered before them`);
  });
});

function residentBytes(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}
