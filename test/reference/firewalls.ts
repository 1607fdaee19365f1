import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { networkRequest, startTestDaemon, testSettings } from '#network/testing/test-daemon.ts';
import { waitFor } from '../support/wait-for.ts';

/*
 * Dhow beside the firewalls that hosts have, the real programs of Debian's `firewalld` and `ufw`. The host is a network namespace, and what the
 * programs write is hidden from the machine by mounts of their own. Run: tools/test-reference test/reference/firewalls.ts
 */
const host = enterPrivateHost();
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'network-test-firewalls-'));
const settings = { ...testSettings, obeyHostFirewall: false };
const daemon = await startTestDaemon(settings);
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
});

/** The host has an IPv6 address on the local network, and so has another machine there. */
execFileSync('ip', ['-6', 'address', 'add', 'fd99::1/64', 'dev', 'eth0', 'nodad']);
const far = await host.addNeighbour('10.99.0.6');
execFileSync('nsenter', [
  `--net=${far.path}`,
  ...[
    'sh',
    '-ec',
    'echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip -6 address add fd99::6/64 dev eth0 nodad',
  ],
]);

const brief = { timeoutMs: 500 };
await host.neighbour.serve(80, 'neighbour');
await daemon.service.create(networkRequest('own', { ipv6: true }));
const web = await daemon.run('web', [
  { hostPort: 8080 },
  { hostPort: 8081 },
  { hostPort: 5353, containerPort: 53, protocol: 'udp' },
]);
await web.serve(80, 'web');
await web.serve(53, 'web', 'udp');
const client = await daemon.run('client', [{ hostPort: 8086 }], [{ network: 'own' }]);
await client.serve(80, 'client', 'tcp', '::');

const seen = `web ${host.neighbourAddress}`;
const askPort = (port: number): Promise<string> => host.neighbour.ask(host.address, port, brief);
const askUdp = (): Promise<string> => host.neighbour.ask(host.address, 5353, { ...brief, protocol: 'udp' });

async function obey(obeyHostFirewall: boolean): Promise<void> {
  settings.obeyHostFirewall = obeyHostFirewall;
  await daemon.restart([web, client]);
}

/** Waits until the daemon has put its rules into a chain. */
async function passageThrough(...chain: string[]): Promise<void> {
  const bridge = `oifname "${settings.bridge}"`;
  await waitFor(`rules in ${chain.join(' ')}`, () =>
    execFileSync('nft', ['list', 'chain', ...chain], { encoding: 'utf8' }).includes(bridge),
  );
}

/** Containers of every network reach the outside, and the outside them. */
async function assertOpen(): Promise<void> {
  for (const container of [web, client]) {
    assert.equal(await container.ask(host.neighbourAddress, 80, brief), `neighbour ${host.address}`);
  }
  assert.equal(await askPort(8080), seen);
  assert.equal(await askUdp(), seen);
  assert.match(await client.ask(host.address, 8080, brief), /^web /);
}

/** Published ports are closed until the firewall opens them, which the caller does. */
async function assertObeyed(open: (port: string) => void): Promise<void> {
  await obey(true);
  assert.equal(await client.ask(host.neighbourAddress, 80, brief), `neighbour ${host.address}`);
  for (const port of [8080, 8081]) assert.notEqual(await askPort(port), seen);
  assert.notEqual(await askUdp(), seen);
  assert.match(await host.local.ask('127.0.0.1', 8080), /^web /);
  open('8080/tcp');
  assert.equal(await askPort(8080), seen);
  assert.notEqual(await askPort(8081), seen);
  open('5353/udp');
  assert.equal(await askUdp(), seen);
}

/** Runs a shell in a mount namespace in which copies of these directories lie over them. */
function shellOver(directories: readonly string[], script: string): string[] {
  const mounts = directories.map((target) => {
    const copy = path.join(directory, target);
    if (!fs.existsSync(copy)) fs.cpSync(target, copy, { recursive: true });
    return `mount --bind ${copy} ${target}`;
  });
  return ['--mount', 'sh', '-ec', [...mounts, 'mount -t tmpfs log /var/log', script].join('\n')];
}

suite('firewalld', () => {
  const environment = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${directory}/bus` };
  const processes: ChildProcess[] = [];
  const firewall = (...args: string[]): string =>
    execFileSync('firewall-cmd', args, { env: environment, encoding: 'utf8' }).trim();

  test('comes up', async () => {
    const options = { env: environment, stdio: 'ignore' } as const;
    processes.push(
      spawn('dbus-daemon', ['--session', `--address=unix:path=${directory}/bus`, '--nofork'], options),
    );
    await waitFor('the bus', () => fs.existsSync(`${directory}/bus`));
    const script = shellOver(['/etc/firewalld'], 'exec firewalld --nofork --nopid');
    processes.push(spawn('unshare', script, options));
    assert.equal(await waitFor('firewalld', () => firewall('--state')), 'running');
  });

  test('lets containers pass, also after it has loaded its rules anew', async () => {
    await passageThrough('inet', 'firewalld', 'filter_FORWARD');
    await assertOpen();
    firewall('--reload');
    await passageThrough('inet', 'firewalld', 'filter_FORWARD');
    await assertOpen();
  });

  test('opens published ports by its own words when they obey', async () => {
    await assertObeyed((port) => firewall('--add-port', port));
    assert.notEqual(await far.peer.ask('fd99::1', 8086, brief), 'client fd99::6');
    firewall('--add-port', '8086/tcp');
    assert.equal(await far.peer.ask('fd99::1', 8086, brief), 'client fd99::6');
    firewall('--remove-port', '8080/tcp');
    assert.notEqual(await askPort(8080), seen);
    await obey(false);
    await assertOpen();
  });

  test('goes', async () => {
    for (const each of processes.reverse()) {
      each.kill();
      await once(each, 'exit');
    }
    execFileSync('nft', ['flush', 'ruleset']);
    await waitFor('the table', async () => (await askPort(8080)) === seen);
  });
});

suite('ufw', () => {
  const ufw = (...args: string[]): string =>
    execFileSync('unshare', shellOver(['/etc/ufw'], `ufw ${args.join(' ')}`), {
      encoding: 'utf8',
    });

  test('lets containers pass, also after it has loaded its rules anew', async () => {
    ufw('--force', 'enable');
    await passageThrough('ip', 'filter', 'FORWARD');
    await assertOpen();
    ufw('reload');
    await passageThrough('ip', 'filter', 'FORWARD');
    await assertOpen();
  });

  test('opens published ports by its own words when they obey', async () => {
    await assertObeyed((port) => ufw('allow', port));
    ufw('delete', 'allow', '8080/tcp');
    assert.notEqual(await askPort(8080), seen);
  });
});
