import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { baseRootfs } from '../support/base-image.ts';
import type { CommandResult } from '../support/command.ts';
import type { World } from './world.ts';

/** One thing that a client asks for, in the middle of which the daemon dies. */
export interface Scenario {
  name: string;
  /** Makes what the request needs. */
  prepare?(world: World): Promise<unknown>;
  act(world: World): Promise<CommandResult>;
  /** What holds when the client was told of success. */
  promised(world: World): Promise<void>;
  /** What holds when it was not, but the daemon is there again and the same is asked for once more: by default that it works, or is done. */
  again?(world: World): Promise<void>;
}

const sleeper = ['busybox', 'sleep', '1000'];

async function status(world: World, name: string): Promise<string> {
  const { code, stdout } = await world.docker.run([
    'inspect',
    '--type',
    'container',
    '--format',
    '{{.State.Status}}',
    name,
  ]);
  return code === 0 ? stdout.trim() : 'none';
}

async function exists(world: World, kind: 'image' | 'volume' | 'network', name: string): Promise<boolean> {
  return (await world.docker.run([kind, 'inspect', name])).code === 0;
}

async function is(world: World, name: string, ...wanted: string[]): Promise<void> {
  const found = await status(world, name);
  assert.ok(wanted.includes(found), `${name} is ${found}, not ${wanted.join(' or ')}`);
}

const run = (world: World, ...args: string[]): Promise<CommandResult> => world.docker.run(args);
const made = (world: World, ...args: string[]): Promise<string> => world.docker.out(...args);
/** Two mounts, of which one is filled from the image, and a port. */
const rich = ['-v', '/etc', '-v', 'named:/data', '-p', '127.0.0.1::80'];

const containers: Scenario[] = [
  {
    name: 'create a container with volumes',
    act: (world) => run(world, 'create', '--name', 'made', ...rich, ...sleeper),
    promised: (world) => is(world, 'made', 'created'),
  },
  {
    name: 'start a container with volumes and a port',
    prepare: (world) => made(world, 'create', '--name', 'started', ...rich, ...sleeper),
    act: (world) => run(world, 'start', 'started'),
    promised: (world) => is(world, 'started', 'running'),
    async again(world) {
      if ((await status(world, 'started')) !== 'running') await made(world, 'start', 'started');
      assert.match(await made(world, 'exec', 'started', 'cat', '/etc/passwd'), /^root:/);
    },
  },
  {
    name: 'run a container that ends, with --rm',
    act: (world) => run(world, 'run', '--rm', '--name', 'fleeting', '-v', '/data', 'busybox', 'true'),
    promised: (world) => is(world, 'fleeting', 'none'),
  },
  {
    name: 'stop a container',
    prepare: (world) => made(world, 'run', '-d', '--name', 'stopped', ...rich, ...sleeper),
    act: (world) => run(world, 'stop', '-t', '0', 'stopped'),
    promised: (world) => is(world, 'stopped', 'exited'),
    again: (world) => is(world, 'stopped', 'exited', 'running'),
  },
  {
    name: 'kill a container with a restart policy',
    prepare: (world) => made(world, 'run', '-d', '--restart', 'on-failure', '--name', 'revived', ...sleeper),
    act: (world) => run(world, 'exec', 'revived', 'kill', '-9', '1'),
    promised: async () => {},
  },
  {
    name: 'restart a container',
    prepare: (world) => made(world, 'run', '-d', '--name', 'restarted', ...rich, ...sleeper),
    act: (world) => run(world, 'restart', '-t', '0', 'restarted'),
    promised: (world) => is(world, 'restarted', 'running'),
    again: (world) => is(world, 'restarted', 'running', 'exited'),
  },
  {
    name: 'remove a running container with its volumes',
    prepare: (world) => made(world, 'run', '-d', '--name', 'removed', ...rich, ...sleeper),
    act: (world) => run(world, 'rm', '-f', '-v', 'removed'),
    promised: (world) => is(world, 'removed', 'none'),
    again: (world) => is(world, 'removed', 'none', 'running', 'exited'),
  },
  {
    name: 'rename a container',
    prepare: (world) => made(world, 'run', '-d', '--name', 'old-name', ...sleeper),
    act: (world) => run(world, 'rename', 'old-name', 'new-name'),
    promised: (world) => is(world, 'new-name', 'running'),
    async again(world) {
      const found = [await status(world, 'old-name'), await status(world, 'new-name')].sort();
      assert.deepEqual(found, ['none', 'running']);
    },
  },
  {
    name: 'pause and unpause a container',
    prepare: (world) => made(world, 'run', '-d', '--name', 'paused', ...sleeper),
    async act(world) {
      const paused = await run(world, 'pause', 'paused');
      return paused.code === 0 ? run(world, 'unpause', 'paused') : paused;
    },
    promised: (world) => is(world, 'paused', 'running'),
    again: (world) => is(world, 'paused', 'running', 'paused'),
  },
  {
    name: 'update a container',
    prepare: (world) => made(world, 'run', '-d', '--name', 'updated', ...sleeper),
    act: (world) => run(world, 'update', '--memory', '64m', '--memory-swap', '64m', 'updated'),
    promised: async (world) =>
      assert.equal(await made(world, 'inspect', '--format', '{{.HostConfig.Memory}}', 'updated'), '67108864'),
  },
  {
    name: 'execute a command',
    prepare: (world) => made(world, 'run', '-d', '--name', 'executes', ...sleeper),
    act: (world) => run(world, 'exec', 'executes', 'touch', '/done'),
    promised: async (world) => void (await made(world, 'exec', 'executes', 'ls', '/done')),
  },
  {
    name: 'copy into a stopped container',
    prepare: (world) => made(world, 'create', '--name', 'copied', '-v', 'named:/data', ...sleeper),
    act: (world) => run(world, 'cp', '/etc/hostname', 'copied:/data/'),
    async promised(world) {
      await made(world, 'cp', 'copied:/data/hostname', path.join(world.directory, 'hostname'));
    },
  },
  {
    name: 'commit a container',
    prepare: (world) =>
      made(world, 'run', '-d', '--name', 'committed', 'busybox', 'sh', '-c', 'echo x > /x; exec sleep 1000'),
    act: (world) => run(world, 'commit', 'committed', 'commits'),
    promised: async (world) => assert.equal(await made(world, 'run', '--rm', 'commits', 'cat', '/x'), 'x'),
  },
  {
    name: 'prune containers',
    async prepare(world) {
      await made(world, 'run', '--name', 'pruned-1', ...rich.slice(0, 4), 'busybox', 'true');
      await made(world, 'create', '--name', 'pruned-2', '-v', '/data', ...sleeper);
    },
    act: (world) => run(world, 'container', 'prune', '-f'),
    async promised(world) {
      await is(world, 'pruned-1', 'none');
      await is(world, 'pruned-2', 'none');
    },
  },
];

const images: Scenario[] = [
  {
    name: 'pull an image',
    act: (world) => run(world, 'pull', '-q', world.remoteImage),
    promised: async (world) => assert.equal(await made(world, 'run', '--rm', world.remoteImage), 'from afar'),
    async again(world) {
      await made(world, 'pull', '-q', world.remoteImage);
      assert.equal(await made(world, 'run', '--rm', world.remoteImage), 'from afar');
    },
  },
  {
    name: 'remove an image',
    prepare: (world) => made(world, 'pull', '-q', world.remoteImage),
    act: (world) => run(world, 'rmi', world.remoteImage),
    promised: async (world) => assert.equal(await exists(world, 'image', world.remoteImage), false),
  },
  {
    name: 'tag an image',
    act: (world) => run(world, 'tag', 'busybox', 'tagged:v1'),
    promised: async (world) => assert.ok(await exists(world, 'image', 'tagged:v1')),
  },
  {
    name: 'load an image',
    prepare: saveRemoteImage,
    act: (world) => run(world, 'load', '-q', '-i', archiveOf(world)),
    promised: async (world) => assert.equal(await made(world, 'run', '--rm', world.remoteImage), 'from afar'),
    async again(world) {
      await made(world, 'load', '-q', '-i', archiveOf(world));
      assert.equal(await made(world, 'run', '--rm', world.remoteImage), 'from afar');
    },
  },
  {
    name: 'import an image',
    act: async (world) => run(world, 'import', await baseRootfs(), 'imported'),
    promised: async (world) => assert.ok(await exists(world, 'image', 'imported')),
  },
  {
    name: 'build an image',
    // Without any death, too.
    async prepare(world) {
      const context = path.join(world.directory, 'context');
      fs.mkdirSync(context, { recursive: true });
      fs.writeFileSync(path.join(context, 'file'), 'copied');
      fs.writeFileSync(
        path.join(context, 'Dockerfile'),
        'FROM busybox\nCOPY file /dir/\nRUN --mount=type=cache,target=/cache echo ran > /ran\nVOLUME /dir\nCMD ["cat","/ran"]\n',
      );
    },
    act: (world) => world.dhow.run(['build', '-q', '-t', 'built', path.join(world.directory, 'context')]),
    promised: async (world) => assert.equal(await made(world, 'run', '--rm', 'built'), 'ran'),
    async again(world) {
      await world.dhow.out('build', '-q', '-t', 'built', path.join(world.directory, 'context'));
      assert.equal(await made(world, 'run', '--rm', 'built'), 'ran');
    },
  },
];

const volumes: Scenario[] = [
  {
    name: 'create a volume',
    act: (world) => run(world, 'volume', 'create', '--label', 'a=b', 'kept-volume'),
    promised: async (world) => assert.ok(await exists(world, 'volume', 'kept-volume')),
  },
  {
    name: 'start on a tmpfs volume',
    prepare: (world) =>
      made(world, 'volume', 'create', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs', 'fleeting-volume'),
    act: (world) => run(world, 'run', '-d', '--name', 'on-tmpfs', '-v', 'fleeting-volume:/etc', ...sleeper),
    promised: (world) => is(world, 'on-tmpfs', 'running'),
  },
  {
    name: 'remove a volume',
    prepare: (world) => made(world, 'run', '--rm', '-v', 'gone-volume:/etc', 'busybox', 'true'),
    act: (world) => run(world, 'volume', 'rm', 'gone-volume'),
    promised: async (world) => assert.equal(await exists(world, 'volume', 'gone-volume'), false),
    async again(world) {
      if (!(await exists(world, 'volume', 'gone-volume'))) return;
      assert.match(
        await made(world, 'run', '--rm', '-v', 'gone-volume:/data', 'busybox', 'ls', '/data'),
        /passwd/,
      );
    },
  },
  {
    name: 'rename a volume',
    prepare: (world) => made(world, 'run', '-d', '--name', 'user', '-v', 'first-name:/etc', ...sleeper),
    act: (world) => world.dhow.run(['volume', 'rename', 'first-name', 'second-name']),
    promised: async (world) => assert.ok(await exists(world, 'volume', 'second-name')),
    async again(world) {
      const name = await made(world, 'inspect', '--format', '{{(index .Mounts 0).Name}}', 'user');
      assert.ok(await exists(world, 'volume', name), name);
      await made(world, 'restart', '-t', '0', 'user');
      assert.match(await made(world, 'exec', 'user', 'cat', '/etc/passwd'), /^root:/);
      assert.equal((await made(world, 'volume', 'ls', '-q', '--filter', 'name=-name')).split('\n').length, 1);
    },
  },
  {
    name: 'clone a volume',
    prepare: (world) => made(world, 'run', '--rm', '-v', 'model:/etc', 'busybox', 'true'),
    act: (world) => world.dhow.run(['volume', 'clone', 'model', 'clone']),
    promised: async (world) =>
      assert.match(await made(world, 'run', '--rm', '-v', 'clone:/data', 'busybox', 'ls', '/data'), /passwd/),
    async again(world) {
      if (await exists(world, 'volume', 'clone')) return this.promised(world);
      await world.dhow.out('volume', 'clone', 'model', 'clone');
    },
  },
  {
    name: 'import a volume',
    async prepare(world) {
      await made(world, 'run', '--rm', '-v', 'exported:/etc', 'busybox', 'true');
      await world.dhow.out('volume', 'export', '-o', path.join(world.directory, 'volume.tar'), 'exported');
    },
    act: (world) => world.dhow.run(['volume', 'import', 'filled', path.join(world.directory, 'volume.tar')]),
    promised: async (world) =>
      assert.match(
        await made(world, 'run', '--rm', '-v', 'filled:/data', 'busybox', 'ls', '/data'),
        /passwd/,
      ),
    async again(world) {
      const files = await made(world, 'run', '--rm', '-v', 'filled:/data', 'busybox', 'ls', '/data');
      if (files === '')
        await world.dhow.out('volume', 'import', 'filled', path.join(world.directory, 'volume.tar'));
      await this.promised(world);
    },
  },
  {
    name: 'prune volumes',
    async prepare(world) {
      for (const name of ['one', 'two'])
        await made(world, 'run', '--rm', '-v', `pruned-${name}:/etc`, 'busybox', 'true');
    },
    act: (world) => run(world, 'volume', 'prune', '-f', '--all'),
    async promised(world) {
      assert.equal(await exists(world, 'volume', 'pruned-one'), false);
      assert.equal(await exists(world, 'volume', 'pruned-two'), false);
    },
  },
];

const networks: Scenario[] = [
  {
    name: 'create a network',
    act: (world) => run(world, 'network', 'create', '--ipv6', 'net-made'),
    promised: async (world) => assert.ok(await exists(world, 'network', 'net-made')),
  },
  {
    name: 'start on a network of its own',
    prepare: (world) => made(world, 'network', 'create', 'net-own'),
    act: (world) =>
      run(
        world,
        'run',
        '-d',
        '--name',
        'on-own',
        '--network',
        'net-own',
        '--network-alias',
        'other',
        ...sleeper,
      ),
    promised: (world) => is(world, 'on-own', 'running'),
  },
  {
    name: 'connect a container and disconnect it',
    async prepare(world) {
      await made(world, 'network', 'create', 'net-joined');
      await made(world, 'run', '-d', '--name', 'joins', ...sleeper);
    },
    async act(world) {
      const joined = await run(world, 'network', 'connect', 'net-joined', 'joins');
      return joined.code === 0 ? run(world, 'network', 'disconnect', 'net-joined', 'joins') : joined;
    },
    promised: async (world) =>
      assert.ok(
        !(await made(world, 'inspect', '--format', '{{json .NetworkSettings.Networks}}', 'joins')).includes(
          'net-joined',
        ),
      ),
    // A container must not believe to be where it is not.
    async again(world) {
      const networks = await made(
        world,
        'inspect',
        '--format',
        '{{json .NetworkSettings.Networks}}',
        'joins',
      );
      const interfaces = (await made(world, 'exec', 'joins', 'ls', '/sys/class/net'))
        .split('\n')
        .filter((name) => name !== 'lo');
      assert.equal(interfaces.length, Object.keys(JSON.parse(networks)).length, `${networks} ${interfaces}`);
    },
  },
  {
    name: 'remove a network',
    prepare: (world) => made(world, 'network', 'create', 'net-gone'),
    act: (world) => run(world, 'network', 'rm', 'net-gone'),
    promised: async (world) => assert.equal(await exists(world, 'network', 'net-gone'), false),
  },
  {
    name: 'prune everything',
    async prepare(world) {
      await made(world, 'network', 'create', 'net-pruned');
      await made(world, 'create', '--name', 'pruned', '-v', '/data', ...sleeper);
      await made(world, 'tag', 'busybox', 'pruned:v1');
      await made(world, 'pull', '-q', world.remoteImage);
    },
    act: (world) => run(world, 'system', 'prune', '-f', '-a', '--volumes'),
    async promised(world) {
      await is(world, 'pruned', 'none');
      assert.equal(await exists(world, 'network', 'net-pruned'), false);
      assert.equal(await exists(world, 'image', world.remoteImage), false);
    },
  },
];

export const scenarios: readonly Scenario[] = [...containers, ...images, ...volumes, ...networks];

function archiveOf(world: World): string {
  return path.join(world.directory, 'image.tar');
}

async function saveRemoteImage(world: World): Promise<void> {
  if (fs.existsSync(archiveOf(world))) return;
  await made(world, 'pull', '-q', world.remoteImage);
  await made(world, 'save', '-o', archiveOf(world), world.remoteImage);
  await made(world, 'rmi', world.remoteImage);
}
