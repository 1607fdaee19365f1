import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Few enough for every run. `DHOW_TEST_MANY=200x500` asks for more networks and containers, which takes minutes. */
const [networks = 40, containers = 100] =
  (process.env['DHOW_TEST_MANY'] ?? '').match(/\d+/g)?.map(Number) ?? [];
/** By which the interfaces of this daemon's containers are known. */
const vethPrefix = 'dmany';
const name = (kind: string, index: number): string => `${kind}-${index}`;

/** Runs `act` for 0 … count-1, a few at a time. */
async function inTurns(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/** The daemon's own leak check runs when it is disposed of. */
describe('network › many', () => {
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    daemon = await startDaemon({ args: ['--veth-prefix', vethPrefix] });
    docker = daemon.cli('docker');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const ownLinks = (): string[] =>
    fs.readdirSync('/sys/class/net').filter((link) => {
      try {
        return fs.readFileSync(`/sys/class/net/${link}/ifalias`, 'utf8').trim() === `dhow ${daemon.nftTable}`;
      } catch {
        return false;
      }
    });
  const ownInterfaces = (): string[] =>
    fs.readdirSync('/sys/class/net').filter((link) => link.startsWith(vethPrefix));
  /** Network namespaces that the daemon holds open, and descriptors of all kinds. */
  const descriptors = (): { namespaces: number; all: number } => {
    const targets = fs.readdirSync(`/proc/${daemon.pid}/fd`).flatMap((fd) => {
      try {
        return fs.readlinkSync(`/proc/${daemon.pid}/fd/${fd}`).replace(/\d+/g, '');
      } catch {
        return [];
      }
    });
    return { namespaces: targets.filter((each) => each.startsWith('net:')).length, all: targets.length };
  };
  const elements = async (): Promise<number> => {
    const text = await outputOf('nft', ['list', 'table', 'inet', daemon.nftTable]);
    return text.match(/172\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+/g)?.length ?? 0;
  };

  it(`${networks} networks and ${containers} containers come and go, and leave nothing`, async () => {
    // The first container of a daemon leaves descriptors that serve all others.
    await docker.out('run', '--rm', 'busybox', 'true');
    const before = { elements: await elements(), descriptors: descriptors() };
    await inTurns(networks, (index) => docker.out('network', 'create', name('net', index)));
    assert.equal(ownLinks().length, networks + 1);
    await inTurns(containers, (index) =>
      docker.out(
        ...['run', '--detach', '--name', name('c', index), '--network', name('net', index % networks)],
        ...['--publish', '80', 'busybox', 'sleep', '10000'],
      ),
    );
    assert.equal(ownInterfaces().length, containers);
    assert.equal((await docker.out('ps', '--quiet')).split('\n').length, containers);
    // Two of one network find each other.
    assert.match(
      await docker.out('exec', name('c', 0), 'ping', '-c', '1', '-W', '5', name('c', 2 * networks)),
      /1 packets received/,
    );
    const names = Array.from({ length: containers }, (_, index) => name('c', index));
    const { code, stderr } = await docker.run(['rm', '--force', ...names], { timeoutMs: 600_000 });
    assert.equal(code, 0, stderr);
    await inTurns(networks, (index) => docker.out('network', 'rm', name('net', index)));
    assert.equal(ownLinks().length, 1);
    assert.equal(await elements(), before.elements);
    // The kernel deletes interfaces with their namespaces, behind everybody's back.
    await waitFor('the interfaces to go', () => ownInterfaces().length === 0);
    await waitFor(`the daemon to hold ${JSON.stringify(before.descriptors)}`, () => {
      const { namespaces, all } = descriptors();
      return namespaces === before.descriptors.namespaces && all <= before.descriptors.all;
    });
  });
});
