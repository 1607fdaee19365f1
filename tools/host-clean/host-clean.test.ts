import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { compareSnapshots, settle } from './compare.ts';
import { describeRuleset } from './firewall.ts';
import { isServiceManagers, unitOf } from './service-manager.ts';
import { snapshotHost } from './snapshot.ts';

const name = `dhowt${process.pid}`;
const scope = { mentions: [name] };

/** Makes a leak, looks at it, removes it: what was seen, and what is left afterwards. */
async function seen(make: () => void | Promise<void>, remove: () => void | Promise<void>): Promise<string[]> {
  const before = snapshotHost();
  await make();
  const { leaked } = compareSnapshots(before, snapshotHost(), scope);
  await remove();
  assert.deepEqual(await settle(before, scope), { leaked: [], lost: [] });
  return leaked;
}

function run(command: string): void {
  execFileSync('sh', ['-c', command]);
}

describe('host-clean', () => {
  it('sees a mount', async () => {
    const leaked = await seen(
      () => run(`mkdir /tmp/${name} && mount -t tmpfs none /tmp/${name}`),
      () => run(`umount /tmp/${name} && rmdir /tmp/${name}`),
    );
    assert.deepEqual(leaked.sort(), [`file /tmp/${name}`, `mount tmpfs on /tmp/${name}`]);
  });

  it('sees a named network namespace, and its mount', async () => {
    // The first `ip netns add` since the boot makes the directory and mounts it.
    const isFirst = !fs.existsSync('/run/netns');
    const leaked = await seen(
      () => run(`ip netns add ${name}`),
      () => run(`ip netns del ${name}${isFirst ? ' && umount /run/netns && rmdir /run/netns' : ''}`),
    );
    assert.match(
      leaked.sort().join('\n'),
      new RegExp(`^mount nsfs net:\\[\\d+\\] on /run/netns/${name}\nnetns named ${name}$`, 'm'),
    );
  });

  it('sees a link and its routes', async () => {
    const leaked = await seen(
      () =>
        run(
          `ip link add ${name} type bridge && ip addr add 192.0.2.1/32 dev ${name} && ip link set ${name} up`,
        ),
      () => run(`ip link del ${name}`),
    );
    assert.ok(leaked.includes(`link ${name}`));
    assert.ok(leaked.some((line) => line.startsWith('route local 192.0.2.1')));
  });

  it('sees an nft table and each element of its maps', async () => {
    const leaked = await seen(
      () =>
        run(
          `nft 'table ip ${name} { map ports { type inet_service : ipv4_addr; elements = { 80 : 192.0.2.1, 81 : 192.0.2.2 }; }; }'`,
        ),
      () => run(`nft delete table ip ${name}`),
    );
    assert.deepEqual(leaked, [
      `nft table ip ${name}`,
      `nft map ip ${name} ports`,
      `nft element of ip ${name} ports: [80,"192.0.2.1"]`,
      `nft element of ip ${name} ports: [81,"192.0.2.2"]`,
    ]);
  });

  it('sees a cgroup in every hierarchy it is made in', async () => {
    const target = fs.existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
    const leaked = await seen(
      () => run(`mkdir -p ${target}/${name}/child`),
      () => run(`rmdir ${target}/${name}/child ${target}/${name}`),
    );
    assert.deepEqual(leaked.sort(), [`cgroup ${target}/${name}`, `cgroup ${target}/${name}/child`]);
  });

  it('sees a process in another namespace, and that namespace', async () => {
    const before = snapshotHost();
    const child = spawn('unshare', ['--net', 'sh', '-c', `echo ready; exec tail -f /dev/null # ${name}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const { leaked } = compareSnapshots(before, snapshotHost());
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(leaked.some((line) => line.startsWith(`process ${child.pid} `)));
    assert.ok(
      leaked.some((line) => line.startsWith('netns net:[') && line.includes(`held by process ${child.pid} `)),
    );
  });

  it('names what was there before and is gone', () => {
    const difference = compareSnapshots(new Set(['link a', 'link b']), new Set(['link b', 'link c']));
    assert.deepEqual(difference, { leaked: ['link c'], lost: ['link a'] });
  });

  it('leaves out what systemd does meanwhile, and nothing of ours', () => {
    for (const directory of [
      '/sys/fs/cgroup/system.slice/apt-daily.service',
      '/sys/fs/cgroup/unified/user.slice/user-0.slice/session-4.scope',
      '/sys/fs/cgroup/memory/system.slice',
      '/run/user/1000',
      '/run/credentials/systemd-tmpfiles-clean.service',
    ]) {
      assert.ok(isServiceManagers(directory), directory);
    }
    for (const directory of [
      '/sys/fs/cgroup/dhow-test-1x1',
      '/sys/fs/cgroup/memory/system.slice/dhow-test-1x1',
      '/sys/fs/cgroup/machine.slice/x',
      '/run/netns/x',
      '/run/users',
    ]) {
      assert.ok(!isServiceManagers(directory), directory);
    }
  });

  it('knows the unit of a process on every kind of host', () => {
    assert.equal(unitOf('0::/system.slice/cron.service\n'), '/system.slice/cron.service');
    assert.equal(
      unitOf('5:memory:/\n1:name=systemd:/user.slice/user-0.slice/session-4.scope\n0::/\n'),
      '/user.slice/user-0.slice/session-4.scope',
    );
    assert.equal(unitOf('0::/dhow/0123\n'), undefined);
    assert.equal(unitOf('4:memory:/system.slice/x.service\n1:name=systemd:/\n0::/\n'), undefined);
  });

  it('does not take a counter for a difference', () => {
    const rule = (packets: number) => ({
      rule: { family: 'ip', table: 't', chain: 'c', expr: [{ counter: { packets, bytes: packets * 60 } }] },
    });
    assert.deepEqual(describeRuleset([rule(1)]), describeRuleset([rule(7)]));
  });
});
