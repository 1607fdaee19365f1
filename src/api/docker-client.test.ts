import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type ApiServer, createApiServer } from '#api/server.ts';
import { createFakeEngine } from '#api/testing/fake-engine.ts';
import { silentLog } from '#log/log.ts';

/** Docker's own client against the door: what it shows and how it exits decide whether the protocol is right. */

let directory: string;
let server: ApiServer;
let listener: Server;

before(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'dhow-api-'));
  server = createApiServer(createFakeEngine(), { log: silentLog });
  listener = createServer({ allowHalfOpen: true }, server.accept).listen(path.join(directory, 'socket'));
  await once(listener, 'listening');
});

after(async () => {
  listener.close();
  await server.close();
  await rm(directory, { recursive: true });
});

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

async function docker(args: readonly string[], input?: string): Promise<Outcome> {
  const child = spawn('docker', ['-H', `unix://${directory}/socket`, '--config', directory, ...args]);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

async function expectOutcome(args: string, expected: Partial<Outcome>, input?: string): Promise<void> {
  const outcome = await docker(args.split(' '), input);
  for (const name of ['code', 'stdout'] as const) {
    if (name in expected) assert.equal(outcome[name], expected[name], `${args}: ${JSON.stringify(outcome)}`);
  }
  if (expected.stderr) assert.ok(outcome.stderr.includes(expected.stderr), `${args}: ${outcome.stderr}`);
}

test('run has the process’s output, input and exit code', async () => {
  await expectOutcome('run --rm busybox echo hello', { code: 0, stdout: 'hello\n' });
  await expectOutcome('run --rm busybox exit 7', { code: 7, stdout: '' });
  await expectOutcome('run --rm -i busybox cat', { code: 0, stdout: 'typed' }, 'typed');
  await expectOutcome('run --rm busybox both', { code: 0, stdout: 'to stdout\n', stderr: 'to stderr' });
});

test('run tells by its exit code what could not be run', async () => {
  await expectOutcome('run --rm busybox absent', { code: 127, stderr: 'executable file not found' });
  await expectOutcome('run --rm busybox /etc', { code: 126, stderr: 'permission denied' });
  await expectOutcome('run --rm --memory 1m busybox true', { code: 125, stderr: 'Minimum memory limit' });
  await expectOutcome('run --rm --isolation hyperv busybox true', {
    code: 125,
    stderr: 'Isolation "hyperv" is not supported',
  });
  await expectOutcome('run --rm absent true', { code: 125, stderr: 'pull access denied' });
});

test('run pulls an image that is not there', async () => {
  const { stdout, stderr, code } = await docker(['run', '--rm', 'pulled:x', 'echo', 'hello']);
  assert.deepEqual([code, stdout], [0, 'hello\n']);
  assert.match(stderr, /x: Pulling from library\/pulled\n0123456789ab: Pulling fs layer\n/);
  assert.match(stderr, /0123456789ab: Pull complete\n.*Status: Downloaded newer image for pulled:x\n$/s);
  await expectOutcome('pull pulled:broken', { code: 1, stderr: 'layer is damaged' });
});

test('a container’s life: exec, logs, inspect, wait, kill, rm', async () => {
  await expectOutcome('run -d --name web -p 8080:80 busybox sleep', { code: 0 });
  await expectOutcome('exec web echo inside', { code: 0, stdout: 'inside\n' });
  await expectOutcome('exec -i web cat', { code: 0, stdout: 'typed' }, 'typed');
  await expectOutcome('exec web exit 9', { code: 9 });
  await expectOutcome('exec web absent', { code: 127 });
  await expectOutcome('exec -d web true', { code: 0 });
  await expectOutcome('ps --format {{.Names}}:{{.Image}}:{{.State}}', { stdout: 'web:busybox:running\n' });
  await expectOutcome('inspect -f {{.Name}},{{.HostConfig.PortBindings}} web', {
    stdout: '/web,map[80/tcp:[{ 8080}]]\n',
  });
  const waiting = docker(['wait', 'web']);
  await expectOutcome('kill web', { code: 0 });
  assert.equal((await waiting).stdout, '137\n');
  await expectOutcome('rm web', { code: 0, stdout: 'web\n' });
  await expectOutcome('rm web', { code: 1, stderr: 'No such container: web' });
  await expectOutcome('run --name said busybox both', { code: 0 });
  await expectOutcome('logs said', { stdout: 'to stdout\n', stderr: 'to stderr' });
});

test('the client can show the system, networks, volumes and images', async () => {
  await expectOutcome('version -f {{.Server.Version}}', { code: 0, stdout: '0.0.1\n' });
  await expectOutcome('info -f {{.Driver}},{{.Swarm.LocalNodeState}}', {
    code: 0,
    stdout: 'overlay2,inactive\n',
  });
  await expectOutcome('network ls --format {{.Name}}', { code: 0, stdout: 'bridge\n' });
  await expectOutcome('volume create data', { code: 0, stdout: 'data\n' });
  await expectOutcome('volume ls -q', { code: 0, stdout: 'data\n' });
  await expectOutcome('images --format {{.Repository}}:{{.Tag}} busybox', {
    code: 0,
    stdout: 'busybox:latest\n',
  });
  await expectOutcome('plugin ls -q', { code: 0, stdout: '' });
  await expectOutcome('node ls', { code: 1, stderr: 'not a swarm manager' });
  await expectOutcome('system df --format {{.Type}}', {
    code: 0,
    stdout: 'Images\nContainers\nLocal Volumes\nBuild Cache\n',
  });
});
