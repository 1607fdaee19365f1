import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import net from 'node:net';
import { after, suite, test } from 'node:test';
import type { EndpointRequest } from '#network/network.ts';
import {
  makeAnswer,
  makeQuery,
  type QueryOptions,
  type ReadAnswer,
  type RecordSpec,
  readAnswer,
  type types,
} from '#network/testing/dns-message.ts';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { networkRequest, startTestDaemon, type TestContainer } from '#network/testing/test-daemon.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  upstream.close();
  upstreamTcp.close();
  await host[Symbol.asyncDispose]();
});

/** A name server of the host, on its loopback, and what it was asked. */
const asked: string[] = [];
let upstreamAnswer: (name: string, query: Buffer) => Buffer | undefined = () => undefined;
function nameOf(query: Buffer): string {
  let name = '';
  for (let offset = 12; query[offset]; offset += 1 + (query[offset] ?? 0)) {
    name += `${query.toString('latin1', offset + 1, offset + 1 + (query[offset] ?? 0))}.`;
  }
  return name.slice(0, -1);
}
const upstream = dgram.createSocket('udp4');
upstream.on('message', (query, { address, port }) => {
  asked.push(nameOf(query));
  const answer = upstreamAnswer(nameOf(query), query);
  if (answer) upstream.send(answer, port, address);
});
await new Promise<void>((resolve) => upstream.bind(53, '127.0.0.53', resolve));
const upstreamTcp = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const query = chunk.subarray(2);
    asked.push(`tcp ${nameOf(query)}`);
    const records = Array.from({ length: 200 }, () => record('192.0.2.1'));
    const answer = makeAnswer(query, records);
    socket.write(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 0xff), answer]));
  });
});
await new Promise<void>((resolve) => upstreamTcp.listen(53, '127.0.0.53', resolve));

function record(address: string, ttl = 60): RecordSpec {
  return { type: 'A', ttl, data: Buffer.from(address.split('.').map(Number)) };
}

async function resolve(
  container: TestContainer,
  name: string,
  type: keyof typeof types = 'A',
  options: QueryOptions & { transport?: 'udp' | 'tcp'; timeoutMs?: number } = {},
): Promise<ReadAnswer> {
  const { transport = 'udp', timeoutMs = 3000, ...rest } = options;
  const text = await container.exchange('127.0.0.11', 53, makeQuery(name, type, rest), {
    transport,
    timeoutMs,
  });
  assert.ok(Buffer.isBuffer(text), `${name}: ${String(text)}`);
  return readAnswer(text);
}

for (const name of ['alpha', 'beta'])
  await daemon.service.create(networkRequest(name, { ipv6: name === 'beta' }));
await daemon.service.create(networkRequest('closed', { internal: true }));

async function run(name: string, ...endpoints: EndpointRequest[]): Promise<TestContainer> {
  return daemon.run(name, [], endpoints);
}
const web = await run('Web', { network: 'alpha', aliases: ['www', 'site.example'] });
const two = await run('two', { network: 'alpha', aliases: ['www'] });
const far = await run('far', { network: 'beta' });
const both = await run('both', { network: 'alpha' }, { network: 'beta' });

suite('names', () => {
  test('are the container’s name, its aliases and its short id, in any spelling, with or without the network', async () => {
    const address = web.endpoint.ipv4.address;
    for (const name of [
      'web',
      'WEB',
      web.id.slice(0, 12),
      'site.example',
      'web.alpha',
      'site.example.alpha',
    ]) {
      const answer = await resolve(two, name);
      assert.deepEqual([answer.code, answer.answers, answer.authoritative], [0, [address], true], name);
    }
  });

  test('that several have give all addresses, now one and now the other first', async () => {
    const firsts = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const { answers } = await resolve(two, 'www');
      assert.deepEqual(answers.toSorted(), [web, two].map((each) => each.endpoint.ipv4.address).toSorted());
      firsts.add(answers[0] ?? '');
    }
    assert.equal(firsts.size, 2);
  });

  test('have IPv6 addresses where the network has them, and none elsewhere, which is no error', async () => {
    const { answers } = await resolve(both, 'far', 'AAAA');
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.slice(-4), far.endpoint.ipv6.address.split('::')[1]?.padStart(4, '0'));
    for (const type of ['AAAA', 'MX', 'TXT'] as const) {
      const answer = await resolve(two, 'web', type);
      assert.deepEqual([answer.code, answer.answers], [0, []], type);
    }
    assert.equal((await resolve(both, 'far', 'ANY')).answers.length, 2);
  });

  test('of another network are not told', async () => {
    upstreamAnswer = (_name, query) => makeAnswer(query, [], { code: 3 });
    assert.equal((await resolve(web, 'far')).code, 3);
    assert.equal((await resolve(web, 'far.beta')).code, 3);
    assert.deepEqual((await resolve(both, 'far')).answers, [far.endpoint.ipv4.address]);
  });

  test('that every object of JavaScript has are unknown like others', async () => {
    upstreamAnswer = (_name, query) => makeAnswer(query, [], { code: 3 });
    for (const name of ['constructor', '__proto__', 'constructor.alpha']) {
      assert.equal((await resolve(web, name)).code, 3, name);
    }
  });

  test('belong to addresses too', async () => {
    const reverse = (address: string) => `${address.split('.').reverse().join('.')}.in-addr.arpa`;
    const { answers } = await resolve(two, reverse(web.endpoint.ipv4.address), 'PTR');
    assert.equal(Buffer.from(answers[0] ?? '', 'hex').toString('latin1'), '\x03web\x05alpha\x00');
    assert.equal((await resolve(web, reverse(far.endpoint.ipv4.address), 'PTR')).code, 3);
  });

  test('never leave the machine, whatever is asked of them', async () => {
    asked.length = 0;
    for (const type of ['A', 'AAAA', 'MX', 'ANY', 'TXT'] as const) await resolve(two, 'web', type);
    await resolve(two, 'web', 'A', { transport: 'tcp' });
    assert.deepEqual(asked, []);
  });

  test('come and go with containers, connections and renaming', async () => {
    upstreamAnswer = (_name, query) => makeAnswer(query, [], { code: 3 });
    const late = await run('late', { network: 'alpha' });
    assert.deepEqual((await resolve(web, 'late')).answers, [late.endpoint.ipv4.address]);
    daemon.service.rename(late.id, 'later');
    assert.equal((await resolve(web, 'late')).code, 3);
    assert.deepEqual((await resolve(web, 'later')).answers, [late.endpoint.ipv4.address]);
    await daemon.service.detach(late.id);
    assert.equal((await resolve(web, 'later')).code, 3);
    const plain = await daemon.run('plain');
    const endpoint = await daemon.service.connect({
      container: { id: plain.id, name: 'plain', hostname: 'box', nameServers: [] },
      sandbox: plain.sandbox,
      endpoint: { network: 'alpha' },
      ports: [],
    });
    assert.deepEqual((await resolve(plain, 'web')).answers, [web.endpoint.ipv4.address]);
    assert.deepEqual((await resolve(web, 'plain')).answers, [endpoint.ipv4.address]);
    await daemon.service.detach(plain.id);
  });
});

test('six hundred questions at once are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 600 }, () => resolve(two, 'web', 'A', { timeoutMs: 10_000 })),
  );
  assert.ok(answers.every(({ answers: [address] }) => address === web.endpoint.ipv4.address));
});

suite('large answers', () => {
  test('are cut by UDP, and whole by TCP or when the client takes more', async () => {
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, index) => run(`many${index}`, { network: 'alpha', aliases: ['all'] })),
    );
    const cut = await resolve(web, 'all');
    assert.ok(cut.truncated && cut.answers.length < 60);
    const whole = await resolve(web, 'all', 'A', { transport: 'tcp' });
    assert.deepEqual([whole.truncated, whole.answers.length], [false, 60]);
    assert.equal((await resolve(web, 'all', 'A', { udpBytes: 4096 })).answers.length, 60);
    await Promise.all(many.map(({ id }) => daemon.service.detach(id)));
    await Promise.all(many.map((each) => each[Symbol.asyncDispose]()));
    await Promise.all(many.map(({ sandbox }) => sandbox[Symbol.asyncDispose]()));
  });
});

suite('other names', () => {
  test('are asked for at the host’s name server, and kept', async () => {
    asked.length = 0;
    upstreamAnswer = (_name, query) => makeAnswer(query, [record('192.0.2.9')]);
    for (const container of [web, two, far]) {
      assert.deepEqual((await resolve(container, 'example.test')).answers, ['192.0.2.9']);
    }
    assert.deepEqual((await resolve(web, 'EXAMPLE.test')).answers, ['192.0.2.9']);
    assert.deepEqual(asked, ['example.test']);
  });

  test('are asked for once by many at the same time', async () => {
    asked.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => resolve(index % 2 ? web : two, 'at-once.test')),
    );
    assert.ok(answers.every((answer) => answer.answers[0] === '192.0.2.9'));
    assert.deepEqual(asked, ['at-once.test']);
  });

  test('whose answer is too long for UDP are asked for by TCP', async () => {
    asked.length = 0;
    upstreamAnswer = (_name, query) => makeAnswer(query, [record('192.0.2.1')], { truncated: true });
    assert.ok((await resolve(web, 'long.test')).truncated);
    assert.equal((await resolve(web, 'long.test', 'A', { transport: 'tcp' })).answers.length, 200);
    assert.deepEqual(asked, ['long.test', 'tcp long.test']);
    assert.ok((await resolve(web, 'long.test')).truncated);
    assert.equal(asked.length, 2);
  });

  test('are failures at once when nobody listens where the name server should be', async () => {
    const lonely = await daemon.service.createSandbox();
    const container = { id: 'f'.repeat(64), name: 'lonely', hostname: '', nameServers: ['127.0.0.54'] };
    await daemon.service.attach({ container, sandbox: lonely, endpoints: [{ network: 'alpha' }], ports: [] });
    await using peer = daemon.peerIn(lonely);
    const answer = await peer.exchange('127.0.0.11', 53, makeQuery('x.test', 'A'), {
      transport: 'udp',
      timeoutMs: 900,
    });
    assert.ok(Buffer.isBuffer(answer), String(answer));
    assert.equal(readAnswer(answer).code, 2);
    await daemon.service.detach(container.id);
    await lonely[Symbol.asyncDispose]();
  });

  test('that wait for name servers do not keep the names of siblings from being found', async () => {
    upstreamAnswer = () => undefined;
    const options = { transport: 'udp', timeoutMs: 1500 } as const;
    const waiting = Array.from({ length: 400 }, (_, index) =>
      two.exchange('127.0.0.11', 53, makeQuery(`silent${index}.example`, 'A'), options),
    );
    assert.deepEqual((await resolve(two, 'web')).answers, [web.endpoint.ipv4.address]);
    await Promise.all(waiting);
  });

  test('are answered by the next server when one is silent, and soon the silent one is not waited for', async () => {
    asked.length = 0;
    upstreamAnswer = (_name, query) => makeAnswer(query, [record('192.0.2.7', 0)]);
    const silent = dgram.createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(53, '127.0.0.55', resolve));
    daemon.resolvConf = 'nameserver 127.0.0.55\nnameserver 127.0.0.53\n';
    await daemon.restart([web, two, far, both]);
    assert.deepEqual((await resolve(web, 'slow.test')).answers, ['192.0.2.7']);
    const before = asked.length;
    assert.deepEqual((await resolve(web, 'slow2.test', 'A', { timeoutMs: 900 })).answers, ['192.0.2.7']);
    assert.equal(asked.length, before + 1);
    silent.close();
    daemon.resolvConf = 'nameserver 127.0.0.53\n';
    await daemon.restart([web, two, far, both]);
  });

  test('are not asked for by a container that has no way out', async () => {
    asked.length = 0;
    const inner = await run('inner', { network: 'closed' });
    assert.equal((await resolve(inner, 'secret.exfiltration.test')).code, 2);
    assert.deepEqual((await resolve(inner, 'inner')).answers, [inner.endpoint.ipv4.address]);
    assert.deepEqual(asked, []);
    await daemon.service.detach(inner.id);
  });
});

suite('a resolver', () => {
  test('leaves port 53 to a name server in the container', async () => {
    await web.serve(53, 'own', 'udp');
    await web.serve(53, 'own');
    assert.equal(await two.ask(web.endpoint.ipv4.address, 53), `own ${two.endpoint.ipv4.address}`);
    const asUdp = { protocol: 'udp' } as const;
    assert.equal(await two.ask(web.endpoint.ipv4.address, 53, asUdp), `own ${two.endpoint.ipv4.address}`);
    assert.deepEqual((await resolve(web, 'two')).answers, [two.endpoint.ipv4.address]);
    assert.deepEqual((await resolve(web, 'two', 'A', { transport: 'tcp' })).answers, [
      two.endpoint.ipv4.address,
    ]);
  });

  test('refuses at once while the daemon is away, and is there again with the next one', async () => {
    daemon.service.close();
    const exchange = (transport: 'udp' | 'tcp') =>
      two.exchange('127.0.0.11', 53, makeQuery('web', 'A'), { transport, timeoutMs: 2000 });
    assert.equal(await exchange('udp'), 'ECONNREFUSED');
    assert.equal(await exchange('tcp'), 'ECONNREFUSED');
    await daemon.restart([web, two, far, both]);
    assert.deepEqual((await resolve(two, 'web')).answers, [web.endpoint.ipv4.address]);
    assert.deepEqual((await resolve(two, 'web', 'A', { transport: 'tcp' })).answers, [
      web.endpoint.ipv4.address,
    ]);
  });

  test('has its port again after a restart, or another one when a program has taken it', async () => {
    const portInside = () => {
      const enter = [`--net=${two.sandbox.path}`, 'nft', 'list', 'chain', 'ip', 'dhow_resolver', 'queries'];
      return Number(/udp dport set (\d+)/.exec(execFileSync('nsenter', enter, { encoding: 'utf8' }))?.[1]);
    };
    const all = [web, two, far, both];
    const before = portInside();
    await daemon.restart(all);
    assert.equal(portInside(), before);
    daemon.service.close();
    await two.serve(before, 'squatter', 'tcp', '127.0.0.11');
    await daemon.restart(all);
    assert.notEqual(portInside(), before);
    for (const transport of ['udp', 'tcp'] as const) {
      assert.deepEqual((await resolve(two, 'web', 'A', { transport })).answers, [web.endpoint.ipv4.address]);
    }
  });

  test('goes on after messages that are none', async () => {
    for (const message of [Buffer.alloc(0), Buffer.of(1), Buffer.alloc(12), Buffer.alloc(4000, 0xff)]) {
      await two.exchange('127.0.0.11', 53, message, { transport: 'udp', timeoutMs: 50 });
      await two.exchange('127.0.0.11', 53, message, { transport: 'tcp', timeoutMs: 50 });
    }
    const odd = await resolve(two, 'web', 'A', { class: 3 });
    assert.deepEqual([odd.code, odd.answers], [5, []]);
    assert.deepEqual((await resolve(two, 'web')).answers, [web.endpoint.ipv4.address]);
  });

  test('costs the container no connection tracking', async () => {
    assert.deepEqual(await daemon.peerIn(two.sandbox).readFile('/proc/thread-self/net/nf_conntrack'), '');
  });
});
