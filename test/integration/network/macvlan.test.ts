import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';

const sleeper = ['busybox', 'sleep', '1000'];
const parent = `mv${process.pid}`;

describeEngine('network › macvlan', ({ cli, unique }) => {
  const network = unique('lan');
  before(async () => {
    await outputOf('ip', ['link', 'add', `${parent}a`, 'type', 'veth', 'peer', 'name', `${parent}b`]);
    for (const end of ['a', 'b']) await outputOf('ip', ['link', 'set', parent + end, 'up']);
    const pool = ['--subnet', '10.70.0.0/24', '--gateway', '10.70.0.1'];
    await cli.out('network', 'create', '-d', 'macvlan', '-o', `parent=${parent}a`, ...pool, network);
  });
  after(async () => {
    await cli.out('network', 'rm', network);
    await outputOf('ip', ['link', 'delete', `${parent}a`]);
  });

  it('containers find and reach each other, and keep their addresses over restarts', async () => {
    const [one, two] = [unique('one'), unique('two')];
    const on = ['--network', network];
    await cli.out('run', '-d', '--name', one, ...on, '--ip', '10.70.0.10', ...sleeper);
    await cli.out('run', '-d', '--name', two, ...on, ...sleeper);
    const ping = (): Promise<string> => cli.out('exec', two, 'ping', '-c', '1', '-W', '5', one);
    assert.match(await ping(), /10\.70\.0\.10.*1 packets received/s);
    for (const _ of [1, 2, 3]) await cli.out('restart', '-t', '0', one);
    assert.match(await ping(), /10\.70\.0\.10.*1 packets received/s);
    await cli.out('restart', '-t', '0', two);
    assert.match(await ping(), /1 packets received/);
    assert.match(await cli.out('exec', one, 'ip', 'route'), /default via 10\.70\.0\.1 dev eth0/);
    await cli.out('rm', '-f', one, two);
  });
});
