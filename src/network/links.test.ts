import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeQuery, readAnswer } from '#network/testing/dns-message.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import {
  attachRequest,
  containerId,
  networkRequest,
  startTestDaemon,
  testSettings,
} from '#network/testing/test-daemon.ts';
import { deleteLink, findLink, newBridge, setUp } from '#sys/netlink-link.ts';
import { writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon({ ...testSettings, interContainer: false });
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

const brief = { timeoutMs: 300 };
const tcp = 'tcp' as const;

async function runLinked(name: string, target: string, ports: number[]) {
  const sandbox = await daemon.service.createSandbox();
  const links = [
    {
      containerId: containerId(target),
      ports: ports.map((containerPort) => ({ containerPort, protocol: tcp })),
    },
  ];
  await daemon.service.attach({ ...attachRequest(name, sandbox), links });
  return { sandbox, peer: daemon.peerIn(sandbox) };
}

function openPorts(): number {
  const text = execFileSync('nft', ['list', 'set', 'inet', testSettings.table, 'links'], {
    encoding: 'utf8',
  });
  return text.match(/ \. tcp \. /g)?.length ?? 0;
}

suite('where containers are kept apart', () => {
  for (const setting of ['0', '1']) {
    test(`with bridge-nf-call-iptables=${setting}: a link opens the ports that it names, for the one who links`, async () => {
      writeSysctl('net/bridge/bridge-nf-call-iptables', setting);
      const db = await daemon.run('db');
      await db.serve(5432, 'db');
      await db.serve(22, 'db');
      const web = await runLinked('web', 'db', [5432]);
      await web.peer.serve(5432, 'web');
      const other = await daemon.run('other');
      const { address } = db.endpoint.ipv4;
      const [endpoint] = daemon.service.endpointsOf(containerId('web'));
      assert.equal(await web.peer.ask(address, 5432), `db ${endpoint?.ipv4.address}`);
      assert.equal(await web.peer.ask(address, 22, brief), 'timeout');
      assert.equal(await other.ask(address, 5432, brief), 'timeout');
      assert.equal(await db.ask(endpoint?.ipv4.address ?? '', 5432, brief), 'timeout');
      for (const name of ['web', 'db', 'other']) await daemon.service.detach(containerId(name));
      assert.equal(openPorts(), 0);
    });
  }

  test('a link works while other interfaces of the host come and go', async () => {
    const db = await daemon.run('db');
    await db.serve(5432, 'db');
    const web = await runLinked('web', 'db', [5432]);
    let ended = false;
    const comeAndGo = async (): Promise<void> => {
      const name = 'passing0';
      while (!ended) {
        host.netlink.request(
          [newBridge({ name, macAddress: '02:00:00:00:00:77', mtu: 1500, group: 0 })],
          name,
        );
        const index = findLink(host.netlink, name)?.index ?? 0;
        host.netlink.request([setUp(index)], name);
        host.netlink.request([deleteLink(name)], name);
        await delay(1);
      }
    };
    const others = comeAndGo();
    const answer = await web.peer.ask(db.endpoint.ipv4.address, 5432);
    ended = true;
    await others;
    assert.match(answer, /^db /);
    for (const name of ['web', 'db']) await daemon.service.detach(containerId(name));
  });

  test('a link does not let in others who say that they are the one who links', async () => {
    const db = await daemon.run('db');
    await db.serve(5432, 'db');
    await runLinked('web', 'db', [5432]);
    const [endpoint] = daemon.service.endpointsOf(containerId('web'));
    const webAddress = endpoint?.ipv4.address ?? '';
    const { peer, path } = await host.addNeighbour('10.99.0.66');
    const there = (...args: string[]) => execFileSync('nsenter', [`--net=${path}`, 'ip', ...args]);
    there('address', 'add', `${webAddress}/32`, 'dev', 'lo');
    there('route', 'replace', 'default', 'via', host.address, 'src', webAddress);
    const received = async () =>
      /^Ip: \d+ \d+ (\d+)/m.exec(await db.readFile('/proc/thread-self/net/snmp'))?.[1];
    const before = await received();
    assert.ok(before);
    assert.equal(await peer.ask(db.endpoint.ipv4.address, 5432, brief), 'timeout');
    assert.equal(await received(), before);
    for (const name of ['web', 'db']) await daemon.service.detach(containerId(name));
  });

  test('a link follows its target to another address, outlives the daemon, and can be ended', async () => {
    const first = await daemon.run('db');
    const web = await runLinked('web', 'db', [80]);
    await daemon.service.detach(first.id);
    assert.equal(openPorts(), 0);
    const db = await daemon.run('db');
    assert.notEqual(db.endpoint.ipv4.address, first.endpoint.ipv4.address);
    await db.serve(80, 'db');
    assert.match(await web.peer.ask(db.endpoint.ipv4.address, 80), /^db /);
    const live = { ...db, id: containerId('web'), sandbox: web.sandbox };
    await daemon.restart([db, live]);
    assert.match(await web.peer.ask(db.endpoint.ipv4.address, 80), /^db /);
    await daemon.service.unlink(containerId('web'), db.id);
    assert.equal(openPorts(), 0);
    assert.equal(await web.peer.ask(db.endpoint.ipv4.address, 80, brief), 'timeout');
    for (const name of ['web', 'db']) await daemon.service.detach(containerId(name));
  });
});

test('on a network of one’s own a link is a name that only one container knows', async () => {
  await daemon.service.create(networkRequest('net'));
  const db = await daemon.run('db', [], [{ network: 'net' }]);
  const links = [
    { target: 'db', alias: 'Store' },
    { target: db.id, alias: 'byid' },
  ];
  const web = await daemon.run('web', [], [{ network: 'net', links }]);
  const other = await daemon.run('other', [], [{ network: 'net' }]);
  const ask = async (container: typeof web, name: string) => {
    const options = { transport: 'udp', timeoutMs: 3000 } as const;
    const bytes = await container.exchange('127.0.0.11', 53, makeQuery(name, 'A'), options);
    assert.ok(Buffer.isBuffer(bytes));
    return readAnswer(bytes).answers;
  };
  for (const name of ['store', 'STORE', 'byid', 'db']) {
    assert.deepEqual(await ask(web, name), [db.endpoint.ipv4.address], name);
  }
  assert.deepEqual(await ask(other, 'store'), []);
});
