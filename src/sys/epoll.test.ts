import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Channel, type ChannelHandlers, createPoller, type PacketRun } from '#sys/epoll.ts';
import { libc } from '#sys/libc.ts';
import { openPidfd } from '#sys/pidfd.ts';
import { connectSeqpacket, receivePacket, sendPacket } from '#sys/seqpacket.ts';
import { reap, spawn } from '#sys/spawn.ts';

const socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *fds)');

/** Two connected packet sockets. */
function pair(): [number, number] {
  const fds = [0, 0];
  assert.equal(socketpair(1, 5 | 0o2000000, 0, fds), 0);
  return fds as [number, number];
}

function poller(t: TestContext) {
  const created = createPoller({ onFailure: assert.ifError });
  t.after(() => created.close());
  return created;
}

function packet(tag: number, text: string): Buffer {
  return Buffer.concat([Buffer.of(tag), Buffer.from(text)]);
}

/** Handlers that fail the test when they are called unexpectedly. */
function handlers(overrides: Partial<ChannelHandlers>): ChannelHandlers {
  return { onPackets: () => assert.fail('packets'), onEnd() {}, onWritable() {}, ...overrides };
}

describe('a channel', () => {
  test('joins packets of one tag and tells the end', async (t) => {
    const [ours, theirs] = pair();
    for (const [tag, text] of [
      [2, 'a'],
      [2, 'bc'],
      [3, 'd'],
      [2, ''],
      [2, 'e'],
    ] as const) {
      sendPacket(theirs, packet(tag, text));
    }
    const seen: PacketRun[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const channel: Channel = poller(t).openChannel(
      ours,
      handlers({
        onPackets(runs) {
          seen.push(...runs);
          channel.resume();
          fs.closeSync(theirs);
        },
        onEnd: resolve,
      }),
    );
    channel.resume();
    await ended;
    assert.deepEqual(
      seen.map(({ tag, bytes }) => [tag, Buffer.from(bytes).toString()]),
      [
        [2, 'abc'],
        [3, 'd'],
        [2, 'e'],
      ],
    );
  });

  test('receives the last words of a peer that went with our input unread', async (t) => {
    const [ours, theirs] = pair();
    sendPacket(ours, packet(1, 'unread'));
    sendPacket(theirs, packet(2, 'last words'));
    fs.closeSync(theirs);
    const seen: string[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const channel: Channel = poller(t).openChannel(
      ours,
      handlers({
        onPackets: (runs) => seen.push(...runs.map(({ bytes }) => Buffer.from(bytes).toString())),
        onEnd: resolve,
      }),
    );
    channel.resume();
    await ended;
    assert.deepEqual(seen, ['last words']);
  });

  test('receives nothing more until it is asked', async (t) => {
    const [ours, theirs] = pair();
    let arrived = 0;
    let next = Promise.withResolvers<void>();
    const channel = poller(t).openChannel(
      ours,
      handlers({
        onPackets() {
          arrived++;
          next.resolve();
        },
      }),
    );
    channel.resume();
    sendPacket(theirs, packet(2, 'x'));
    await next.promise;
    next = Promise.withResolvers();
    // The peer can fill the kernel's buffer, which shows that nobody empties it.
    while (sendPacket(theirs, packet(2, 'y'.repeat(8192))));
    assert.equal(arrived, 1);
    channel.resume();
    await next.promise;
    assert.equal(arrived, 2);
    channel.close();
    fs.closeSync(theirs);
  });

  test('tells when there is room again', async (t) => {
    const [ours, theirs] = pair();
    const { promise: writable, resolve } = Promise.withResolvers<void>();
    const channel = poller(t).openChannel(ours, handlers({ onWritable: resolve }));
    let sent = 0;
    while (channel.send(Buffer.alloc(8192, 1))) sent++;
    const bytes = Buffer.alloc(8192);
    for (let received = 0; received < sent; received++) assert.equal(receivePacket(theirs, bytes), 8192);
    await writable;
    assert.equal(channel.send(Buffer.from('more')), true);
    channel.close();
    fs.closeSync(theirs);
  });

  test('that is closed says so to the peer and ends, without handing out what was left', async (t) => {
    const [ours, theirs] = pair();
    sendPacket(theirs, packet(2, 'unread'));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const channel = poller(t).openChannel(ours, handlers({ onEnd: resolve }));
    channel.close();
    await ended;
    assert.equal(receivePacket(theirs, Buffer.alloc(10)), 0);
    assert.throws(() => fs.fstatSync(ours), { code: 'EBADF' });
    fs.closeSync(theirs);
  });
});

test('the exit of a process is told once', async (t) => {
  const pid = await spawn({
    path: '/bin/busybox',
    args: ['sh', '-c', 'exit 5'],
    env: {},
    descriptors: [],
    newSession: true,
  });
  const pidfd = openPidfd(pid);
  await new Promise<void>((resolve) => poller(t).watchExit(pidfd, resolve));
  assert.equal(reap(pid), 5);
  assert.equal(reap(pid), undefined);
});

test('a program that cannot be started is an error with its path', () => {
  return assert.rejects(
    spawn({ path: '/nowhere/program', args: [], env: {}, descriptors: [], newSession: false }),
    { code: 'ENOENT', message: /\/nowhere\/program/ },
  );
});

test('a process can exit without closing its poller', () => {
  const program = "const { createPoller } = await import('#sys/epoll.ts'); createPoller({ onFailure() {} });";
  const args = ['--input-type=module', '-e', `${program} process.exit(7)`];
  assert.equal(spawnSync(process.execPath, args, { timeout: 20_000 }).status, 7);
});

test('a socket deep in the file system can be reached', (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-socket-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const deep = path.join(directory, ...Array.from({ length: 4 }, () => 'd'.repeat(60)));
  fs.mkdirSync(deep, { recursive: true });
  assert.throws(() => connectSeqpacket(path.join(deep, 'attach')), { code: 'ENOENT' });
});
