import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { check, libc } from '#sys/libc.ts';
import type { QueryTask } from './time-queries.ts';

/** Moves into a network namespace for good, asks its name server again and again, and tells how long each answer took. */
const { namespace, server, question, count } = workerData as QueryTask;
const setns = libc.func('int setns(int fd, int type)');
const CLONE_NEWNET = 0x40000000;
const patienceMs = 5000;

const fd = fs.openSync(namespace, 'r');
check('setns', setns(fd, CLONE_NEWNET), namespace);
fs.closeSync(fd);

const socket = dgram.createSocket('udp4');
socket.connect(53, server);
await once(socket, 'connect');
const microseconds: number[] = [];
for (let index = 0; index < count; index++) {
  const started = performance.now();
  socket.send(question);
  const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer];
  microseconds.push((performance.now() - started) * 1000);
  const answers = answer.readUInt16BE(6);
  if (answers === 0) throw new Error(`${server} does not know the name`);
}
socket.close();
parentPort?.postMessage(microseconds);
