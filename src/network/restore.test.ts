import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { after, suite, test } from 'node:test';
import { isDhowError } from '#errors/error.ts';
import { parseIp } from '#network/addresses/ip.ts';
import { createEndpointTable } from '#network/tables/endpoints.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { attachRequest, containerId, startTestDaemon, testSettings } from '#network/testing/test-daemon.ts';
import { waitFor } from '#network/testing/wait-for.ts';
import { deleteLink, findLink, listLinks } from '#sys/netlink-link.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

function vethsOfDaemon(): string[] {
  return listLinks(host.netlink)
    .filter((link) => link.kind === 'veth' && link.name.startsWith(testSettings.vethPrefix))
    .map((link) => link.name);
}

function rules(): string {
  return execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
}

/** Tables stand in the order in which they were made. */
function sorted(text: string): string {
  return text.split('\n').sort().join('\n');
}

suite('after a restart', () => {
  test('live containers keep their addresses, connections and ports', async () => {
    const web = await daemon.run('web', [{ hostPort: 8080 }]);
    await web.serve(80, 'web');
    const before = daemon.service.endpointsOf(web.id);
    await daemon.restart([web]);
    assert.deepEqual(daemon.service.endpointsOf(web.id), before);
    assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
    await assert.rejects(
      new Promise((resolve, reject) =>
        net
          .createServer()
          .on('error', reject)
          .listen(8080, '0.0.0.0', resolve as () => void),
      ),
      { code: 'EADDRINUSE' },
    );
    const other = await daemon.run('other');
    assert.notEqual(other.endpoint.ipv4.address, web.endpoint.ipv4.address);
    await daemon.restart([]);
  });

  test('what dead containers left is gone: rows, ports, interfaces', async () => {
    await daemon.run('dead', [{ hostPort: 8081 }, { hostPort: 8081, hostAddress: '', protocol: 'udp' }]);
    assert.equal(vethsOfDaemon().length, 1);
    await daemon.restart([]);
    assert.deepEqual(daemon.service.endpointsOf(containerId('dead')), []);
    assert.deepEqual(vethsOfDaemon(), []);
    assert.ok(!rules().includes('8081'));
    const sandbox = await daemon.service.createSandbox();
    await daemon.service.attach(attachRequest('next', sandbox, [{ hostPort: 8081 }]));
    await daemon.service.detach(containerId('next'));
    await sandbox[Symbol.asyncDispose]();
  });

  test('a port that another program took meanwhile is reported and stays published', async () => {
    const web = await daemon.run('web', [{ hostPort: 8082 }]);
    await web.serve(80, 'web');
    daemon.service.close();
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(8082, '0.0.0.0', resolve));
    await daemon.restart([web]);
    assert.match(daemon.warnings.at(-1) ?? '', /published port is used by another program.*8082/);
    assert.equal(await host.neighbour.ask(host.address, 8082), `web ${host.neighbourAddress}`);
    server.close();
    await daemon.restart([]);
  });
});

suite('when somebody else changes the kernel', () => {
  test('restore brings back a flushed ruleset and a deleted bridge', async () => {
    const web = await daemon.run('web', [{ hostPort: 8083 }]);
    await web.serve(80, 'web');
    execFileSync('nft', ['flush', 'ruleset']);
    await daemon.service.restore(new Map([[web.id, web.sandbox.path]]));
    assert.equal(await host.neighbour.ask(host.address, 8083), `web ${host.neighbourAddress}`);
    await daemon.restart([]);
    host.netlink.request([deleteLink(testSettings.bridge)], 'bridge');
    await daemon.service.restore(new Map());
    assert.equal(findLink(host.netlink, testSettings.bridge)?.up, true);
  });

  test('a flushed ruleset comes back by itself, and so does a rule that is deleted', async () => {
    const web = await daemon.run('web', [{ hostPort: 8083 }]);
    await web.serve(80, 'web');
    const whole = rules();
    for (const damage of [
      ['flush', 'ruleset'],
      ['flush', 'chain', 'inet', testSettings.table, 'towards_containers'],
      ['delete', 'element', 'inet', testSettings.table, 'published_anywhere', '{ tcp . 8083 }'],
    ]) {
      execFileSync('nft', damage);
      await waitFor(`the repair of nft ${damage.join(' ')}`, () => rules() === whole);
      assert.equal(await host.neighbour.ask(host.address, 8083), `web ${host.neighbourAddress}`);
    }
    await daemon.restart([]);
  });

  test('clients that knocked meanwhile are let in: what the kernel knows of them is forgotten', async () => {
    const port = { hostPort: 8083 };
    const web = await daemon.run('web', [port, { ...port, protocol: 'udp', containerPort: 53 }]);
    await web.serve(80, 'web');
    await web.serve(53, 'web', 'udp');
    const udp = { protocol: 'udp', localPort: 4444 } as const;
    // Connections are tracked as long as somebody's rules ask for it.
    const tracking = 'chain every { type filter hook prerouting priority 0; ct state new accept\n}\n';
    execFileSync('nft', [`table inet tracked { ${tracking} }`]);
    const whole = rules();
    execFileSync('nft', ['delete', 'table', 'inet', testSettings.table]);
    await waitFor('the first repair', () => sorted(rules()) === sorted(whole));
    // The second one comes after a pause.
    execFileSync('nft', ['delete', 'table', 'inet', testSettings.table]);
    const knocking = host.neighbour.ask(host.address, 8083, { timeoutMs: 10_000 });
    await host.neighbour.ask(host.address, 8083, { ...udp, timeoutMs: 100 });
    await waitFor('the second repair', () => sorted(rules()) === sorted(whole));
    assert.equal(await knocking, `web ${host.neighbourAddress}`);
    // The rules are there a moment before the connections are forgotten.
    let answer = 'timeout';
    for (let attempt = 1; attempt <= 3 && answer === 'timeout'; attempt++) {
      answer = await host.neighbour.ask(host.address, 8083, { ...udp, timeoutMs: 1000 });
    }
    assert.equal(answer, `web ${host.neighbourAddress}`);
    execFileSync('nft', ['delete', 'table', 'inet', 'tracked']);
    await daemon.restart([]);
  });

  test('attach and detach build a flushed ruleset anew', async () => {
    const web = await daemon.run('web', [{ hostPort: 8083 }]);
    await web.serve(80, 'web');
    execFileSync('nft', ['flush', 'ruleset']);
    const other = await daemon.run('other', [{ hostPort: 8084 }]);
    await other.serve(80, 'other');
    assert.equal(await host.neighbour.ask(host.address, 8083), `web ${host.neighbourAddress}`);
    assert.equal(await host.neighbour.ask(host.address, 8084), `other ${host.neighbourAddress}`);
    execFileSync('nft', ['flush', 'ruleset']);
    await daemon.service.detach(other.id);
    assert.equal(await host.neighbour.ask(host.address, 8083), `web ${host.neighbourAddress}`);
    assert.equal(await host.neighbour.ask(host.address, 8084), 'ECONNREFUSED');
    await daemon.restart([]);
  });

  test('containers that start while the table is built anew all get their ports', async () => {
    execFileSync('nft', ['flush', 'ruleset']);
    const hostPorts = Array.from({ length: 12 }, (_, index) => 8100 + index);
    const containers = await Promise.all(
      hostPorts.map((hostPort) => daemon.run(`c${hostPort}`, [{ hostPort }])),
    );
    await Promise.all(containers.map((container, index) => container.serve(80, `c${hostPorts[index]}`)));
    for (const hostPort of hostPorts) {
      assert.equal(await host.neighbour.ask(host.address, hostPort), `c${hostPort} ${host.neighbourAddress}`);
    }
    execFileSync('nft', ['flush', 'ruleset']);
    await Promise.all(containers.map(({ id }) => daemon.service.detach(id)));
    assert.doesNotMatch(rules(), /81\d\d/);
    await daemon.restart([]);
  });
});

suite('many and full', () => {
  test('fifty containers at once get fifty addresses, ports and interfaces, and leave nothing', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many${index}`);
    const containers = await Promise.all(
      names.map(async (name) => {
        const sandbox = await daemon.service.createSandbox();
        const [endpoint] = await daemon.service.attach(attachRequest(name, sandbox, [{}]));
        assert.ok(endpoint);
        return { sandbox, endpoint, ports: daemon.service.portsOf(endpoint.containerId) };
      }),
    );
    const endpoints = containers.map(({ endpoint }) => endpoint);
    assert.equal(new Set(endpoints.map(({ ipv4 }) => ipv4.address)).size, 50);
    assert.equal(new Set(containers.map(({ ports }) => ports[0]?.hostPort)).size, 50);
    assert.equal(vethsOfDaemon().length, 50);
    await Promise.all(endpoints.map(({ containerId: id }) => daemon.service.detach(id)));
    await Promise.all(containers.map(({ sandbox }) => sandbox[Symbol.asyncDispose]()));
    await waitFor('the interfaces to go', () => vethsOfDaemon().length === 0);
  });

  test('a used-up subnet is refused with the count and a remedy', async () => {
    const { id } = daemon.service.get('bridge');
    const containers = createEndpointTable(daemon.database);
    const first = parseIp(daemon.gateway)?.value ?? 0n;
    for (let index = 1; index <= 1021; index++) {
      containers.insertContainer({ id: `x${index}`, name: '', hostname: '', nameServers: [] });
      containers.insert({
        id: `x${index}`,
        networkId: id,
        containerId: `x${index}`,
        interfaceName: '',
        hostInterface: '',
        addresses: { 4: { family: 4, value: first + BigInt(index) } },
        macAddress: '',
        linkLocal: [],
        aliases: [],
        links: {},
        gatewayPriority: 0,
      });
    }
    const sandbox = await daemon.service.createSandbox();
    await assert.rejects(
      daemon.service.attach(attachRequest('late', sandbox)),
      (error) =>
        isDhowError(error) &&
        error.kind === 'ResourceExhausted' &&
        /no available IPv4 addresses on network "bridge".*all 1021 are in use/.test(error.message),
    );
    await sandbox[Symbol.asyncDispose]();
    for (let index = 1; index <= 1021; index++) containers.removeContainer(`x${index}`);
  });

  test('teardown removes the bridge and the table', async () => {
    await daemon.service.teardown();
    assert.equal(findLink(host.netlink, testSettings.bridge), undefined);
    assert.equal(rules(), '');
  });
});
