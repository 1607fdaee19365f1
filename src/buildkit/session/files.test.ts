import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { tarTrailer } from '#archive/write-tar.ts';
import { type Packet, packetTypes, type Stat, sessionMethods, stat } from '#buildkit/messages/session.ts';
import { receiveFiles } from '#buildkit/session/receive-files.ts';
import { sendTree } from '#buildkit/session/send-tree.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import type { CalledMethod, CallOptions } from '#grpc/client.ts';

const { signal } = new AbortController();

/** Two ends of a call: what one sends the other reads. */
function createCall() {
  const ends = [createQueue(), createQueue()] as const;
  const end = (own: 0 | 1) => ({
    send: async (...packets: Partial<Packet>[]) => {
      for (const packet of packets) ends[own].push(sessionMethods.sendFiles.request.create(packet));
    },
    end: () => ends[own].close(),
    messages: ends[1 - own] as AsyncIterable<Packet>,
  });
  return [end(0), end(1)] as const;
}

function createQueue() {
  const waiting: Packet[] = [];
  let closed = false;
  let wake = Promise.withResolvers<void>();
  return {
    push(packet: Packet) {
      waiting.push(packet);
      wake.resolve();
    },
    close() {
      closed = true;
      wake.resolve();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        yield* waiting.splice(0);
        if (closed && waiting.length === 0) return;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    },
  };
}

/** A session in which there is only the one call. @param asked hears how it was opened */
function sessionOf(
  call: ReturnType<typeof createCall>[number],
  asked?: (options: CallOptions) => void,
): Session {
  return {
    offers: () => true,
    client: {
      closed: Promise.resolve(),
      call: () => Promise.reject(new Error('not part of the test')),
      open<A, B>(_method: CalledMethod<A, B>, options: CallOptions) {
        asked?.(options);
        return call as never;
      },
      [Symbol.dispose]() {},
    },
  };
}

interface Received {
  type: string;
  name: string;
  linkName: string;
  mode: number;
  content: string;
}

async function read(session: Session, prefix = ''): Promise<Received[]> {
  const entries: Received[] = [];
  async function* archive() {
    yield* receiveFiles(session, { directory: 'context' }, prefix, signal);
    yield tarTrailer();
  }
  for await (const { header, body } of readTar(archive())) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const { type, name, linkName, mode } = header;
    entries.push({ type, name, linkName, mode, content: Buffer.concat(chunks).toString() });
  }
  return entries;
}

/** A client that sends what it is told to, whatever it is asked. */
function script(packets: readonly Partial<Packet>[]): Session {
  const [near, far] = createCall();
  for (const packet of packets) void far.send(packet);
  far.end();
  return sessionOf(near);
}

const described = (changes: Partial<Stat>): Partial<Packet> => ({
  type: packetTypes.stat,
  stat: stat.create(changes),
});
const end: Partial<Packet> = { type: packetTypes.stat };

test('a tree that is sent is received as it was', async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-tree-'));
  try {
    fs.mkdirSync(`${root}/a/b`, { recursive: true });
    fs.writeFileSync(`${root}/a/b/file`, 'content');
    fs.writeFileSync(`${root}/a.txt`, '');
    fs.chmodSync(`${root}/a/b`, 0o1777);
    fs.writeFileSync(`${root}/set`, 's');
    fs.chmodSync(`${root}/set`, 0o6755);
    fs.symlinkSync('a/b', `${root}/link`);
    fs.linkSync(`${root}/a/b/file`, `${root}/z`);
    const big = 'x'.repeat(9 * 1024 * 1024);
    fs.writeFileSync(`${root}/big`, big);
    for (let index = 100; index < 400; index++) fs.writeFileSync(`${root}/many-${index}`, `${index}`);

    const [near, far] = createCall();
    const [entries] = await Promise.all([
      read(sessionOf(far), 'to/'),
      sendTree(sessionOf(near), 0, [{ name: '', root }], signal),
    ]);
    const shown = entries.map(({ type, name, linkName, mode, content }) =>
      [type, name, linkName || content.slice(0, 10), mode.toString(8)].join(' '),
    );
    assert.deepEqual(
      shown.filter((line) => !line.includes('many-')),
      [
        'directory to/a/  755',
        'directory to/a/b/  1777',
        'file to/a/b/file content 644',
        'file to/a.txt  644',
        'file to/big xxxxxxxxxx 644',
        'symlink to/link a/b 777',
        'file to/set s 6755',
        'hard-link to/z to/a/b/file 644',
      ],
    );
    assert.equal(entries.find(({ name }) => name === 'to/big')?.content, big);
    for (let index = 100; index < 400; index++) {
      assert.equal(entries.find(({ name }) => name === `to/many-${index}`)?.content, `${index}`);
    }
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

test('what is wanted goes into headers, escaped where it is not ASCII', async () => {
  const [near, far] = createCall();
  const opened: CallOptions[] = [];
  void far.send(end);
  far.end();
  const wanted = { directory: 'context', exclude: ['a', '!b'], follow: ['Dockerfile', 'ü x'] };
  for await (const _piece of receiveFiles(
    sessionOf(near, (options) => opened.push(options)),
    wanted,
    '',
    signal,
  ));
  assert.deepEqual(opened[0]?.headers, {
    'dir-name': ['context'],
    'exclude-patterns': ['a', '!b'],
    followpaths: ['Dockerfile', '%C3%BC+x'],
    'followpaths-encoded': '1',
  });
});

test('sockets are left out', async () => {
  const entries = await read(script([described({ path: 's', mode: (1 << 24) | 0o600 }), end]));
  assert.deepEqual(entries, []);
});

test('a client that breaks the protocol is refused', async () => {
  const file = described({ path: 'f', mode: 0o644, size: 2n });
  const data = (text: string, id = 0): Partial<Packet> => ({
    type: packetTypes.data,
    id,
    data: Buffer.from(text),
  });
  const cases: [Partial<Packet>[], RegExp][] = [
    [[file, end, data('abc')], /"f" changed while it was sent/],
    [[file, end, data('a'), data('')], /"f" changed while it was sent/],
    [[file, end, data('a')], /the end came too early/],
    [[file], /the end came too early/],
    [[file, end, data('a', 7)], /data of 7, which was not asked for/],
    [[file, end, data('ab'), data(''), data('x')], /data of 0, which was not asked for/],
    [[{ type: 9 }], /a packet of type 9/],
    [[{ type: packetTypes.error, data: Buffer.from('no permission') }], /no permission/],
  ];
  for (const [packets, message] of cases) {
    await assert.rejects(read(script(packets)), { kind: 'InvalidParameter', message });
  }
});

test('a client that asks for what it may not have is refused', async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-tree-'));
  try {
    const [near, far] = createCall();
    void far.send({ type: packetTypes.request, id: 5 });
    await assert.rejects(sendTree(sessionOf(near), 0, [{ name: '', root }], signal), {
      kind: 'InvalidParameter',
    });
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
