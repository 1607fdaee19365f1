import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { formatDifference, isClean, settle } from '../../tools/host-clean/compare.ts';
import { type HostSnapshot, snapshotHost } from '../../tools/host-clean/snapshot.ts';
import type { Cli } from '../support/cli.ts';
import { type Daemon, type DaemonOptions, startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { freePort } from '../support/free-port.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait-for.ts';
import { createEffectControl, daemonWithEffects, type EffectControl } from './effects.ts';

/** A daemon that may die at any moment, with a container that must not notice. */
export interface World extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly docker: Cli;
  readonly dhow: Cli;
  readonly effects: EffectControl;
  /** An image of three layers in a registry. */
  readonly remoteImage: string;
  /** A directory for files of scenarios. */
  readonly directory: string;
  /** Whether the daemon's process is there. */
  isAlive(): boolean;
  /** Starts the daemon anew after its death. Throws when it does not come up, or has errors in its log. */
  revive(): Promise<void>;
  /** Throws unless all that there is can be used, and the bystander has noticed nothing. */
  checkConsistency(): Promise<void>;
  /** What the log says up to now was expected. Throws when it has errors that do not match `expected`. */
  forgiveLog(expected?: RegExp): void;
  /** Removes everything but the bystander through the API, and throws when something is left of it on the host or in the data root. */
  wipe(): Promise<void>;
}

const bystander = 'bystander';

export async function createWorld(options: DaemonOptions = {}): Promise<World> {
  await using undo = new AsyncDisposableStack();
  const directory = fs.mkdtempSync('/tmp/dhow-reliability-');
  undo.defer(() => fs.rmSync(directory, { recursive: true, force: true }));
  const registry = undo.use(await startRegistry());
  const effects = createEffectControl(directory, [
    ['/run/dhow-test-', '<run>'],
    ['/tmp/dhow-test-', '<data>'],
  ]);
  const daemon = undo.use(
    await startDaemon({
      program: daemonWithEffects,
      ...options,
      environment: { ...effects.environment, ...options.environment },
    }),
  );
  const docker = daemon.cli('docker');
  await importBase(daemon);
  const remoteImage = await pushRemoteImage(registry);
  const port = await startBystander(docker);
  const identity = (): Promise<string> =>
    docker.out(
      'inspect',
      '--format',
      '{{.Id}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}',
      bystander,
    );
  const known = await identity();
  let host: HostSnapshot = snapshotHost();
  const files = listDataRoot(daemon.dataRoot);
  let logRead = 0;

  function checkLog(expected?: RegExp): void {
    const lines = daemon.log().slice(logRead).split('\n');
    logRead = daemon.log().length;
    const bad = lines.filter(
      (line) =>
        /level=error|unhandled|could not be restored|undo step failed/.test(line) && !expected?.test(line),
    );
    assert.deepEqual(bad, [], 'errors in the log');
  }

  async function checkConsistency(): Promise<void> {
    assert.equal(await identity(), known, 'the bystander goes on');
    assert.equal(await docker.out('exec', bystander, 'cat', '/data/file'), 'kept');
    assert.equal(await answerOf(port), 'hello\n', 'its port answers');
    const { code, stdout, stderr } = await daemon.cli('dhow').run(['system', 'check']);
    assert.equal(code, 0, `system check: ${stdout}${stderr}`);
    for (const id of await ids(docker, 'ps', '-a', '-q', '--no-trunc')) await checkContainer(docker, id);
    for (const id of await ids(docker, 'images', '-q', '--no-trunc')) {
      await docker.out('run', '--rm', '--network', 'none', id, 'true');
    }
    for (const name of await ids(docker, 'volume', 'ls', '-q')) {
      await docker.out('run', '--rm', '--network', 'none', '-v', `${name}:/data`, 'busybox', 'ls', '/data');
    }
    for (const id of await ids(docker, 'network', 'ls', '-q', '--filter', 'type=custom')) {
      await docker.out('run', '--rm', '--network', id, 'busybox', 'true');
    }
    checkLog();
  }

  async function wipe(): Promise<void> {
    const containers = (await ids(docker, 'ps', '-a', '--format', '{{.Names}}')).filter(
      (name) => name !== bystander,
    );
    if (containers.length > 0) await docker.out('rm', '-f', '-v', ...containers);
    await docker.out('volume', 'prune', '-f', '--all');
    await docker.out('network', 'prune', '-f');
    await daemon.cli('dhow').out('builder', 'prune', '-a', '-f');
    const images = (await ids(docker, 'images', '-q', '--no-trunc', '--filter', 'dangling=false')).concat(
      await ids(docker, 'images', '-q', '--no-trunc', '--filter', 'dangling=true'),
    );
    const base = await docker.out('inspect', '--format', '{{.Id}}', 'busybox:latest');
    const others = new Set(images.filter((id) => id !== base));
    if (others.size > 0) await docker.out('rmi', '-f', ...others);
    checkLog();
    const mentions = [path.basename(daemon.directory), daemon.bridge, daemon.nftTable, daemon.dataRoot];
    const left = await settle(host, { mentions, except: (line) => isOwn(line, daemon) });
    assert.ok(isClean(left), `left on the host:\n${formatDifference(left)}`);
    await waitFor('the data root to be as before', () => {
      const now = listDataRoot(daemon.dataRoot);
      return now.size === files.size && [...now].every((name) => files.has(name));
    }).catch(() => {
      const now = listDataRoot(daemon.dataRoot);
      assert.deepEqual(
        {
          left: [...now].filter((name) => !files.has(name)),
          lost: [...files].filter((name) => !now.has(name)),
        },
        { left: [], lost: [] },
        'in the data root',
      );
    });
  }

  const held = undo.move();
  return {
    daemon,
    docker,
    dhow: daemon.cli('dhow'),
    effects,
    remoteImage,
    directory,
    isAlive: () => fs.existsSync(`/proc/${daemon.pid}/exe`),
    async revive() {
      effects.off();
      await daemon.kill9();
      await daemon.start();
    },
    checkConsistency,
    forgiveLog: (expected = /^/) => checkLog(expected),
    wipe,
    async [Symbol.asyncDispose]() {
      host = new Set();
      await held.disposeAsync();
    },
  };
}

async function pushRemoteImage(registry: Registry): Promise<string> {
  await pushImage(
    registry,
    'remote',
    {
      format: 'oci',
      compression: 'gzip',
      files: { 'remote/file': 'from afar', 'remote/deep/file': 'deep' },
      config: { Cmd: ['cat', '/remote/file'], Volumes: { '/remote': {} } },
    },
    'v1',
  );
  return `${registry.address}/remote:v1`;
}

/** Runs with a published port and a volume. @returns the port */
async function startBystander(docker: Cli): Promise<number> {
  const port = await freePort();
  const serve = 'echo kept > /data/file; exec nc -ll -p 80 -e echo hello';
  const options = ['--name', bystander, '-p', `${port}:80`, '-v', 'kept:/data'];
  await docker.out('run', '-d', ...options, 'busybox', 'sh', '-c', serve);
  await waitFor('the bystander to serve', async () => (await answerOf(port)) === 'hello\n');
  return port;
}

/** Whatever a container's state is, it is a true one. */
async function checkContainer(docker: Cli, id: string): Promise<void> {
  const format = '{{.Name}} {{.State.Status}}';
  const inspected = await docker.run(['inspect', '--type', 'container', '--format', format, id]);
  const [name, status] = inspected.stdout.trim().split(' ');
  // With --rm it may have gone since it was listed.
  if (inspected.code !== 0 || name === `/${bystander}`) return;
  if (status === 'paused') await docker.out('unpause', id);
  else if (status !== 'running') await docker.out('start', id);
  await waitFor(`${name} to run commands, or to have ended`, async () => {
    const { code, stdout } = await docker.run(['exec', id, 'echo', 'alive']);
    if (code === 0 && stdout === 'alive\n') return true;
    // One whose process ends at once may have ended again, and be gone.
    const now = await docker.run(['inspect', '--type', 'container', '--format', '{{.State.Running}}', id]);
    return now.stdout !== 'true\n';
  });
}

async function ids(docker: Cli, ...args: string[]): Promise<string[]> {
  return (await docker.out(...args)).split('\n').filter((line) => line !== '');
}

/**
 * Names of what lies in the data root, but for what belongs to the bystander, to layers' own files and to the database. Unfinished
 * blobs stay for a week on purpose, as downloads go on where they ended.
 */
function listDataRoot(dataRoot: string): Set<string> {
  const names = fs.readdirSync(dataRoot, { recursive: true, encoding: 'utf8' });
  return new Set(
    names.filter(
      (name) =>
        !/^(dhow\.db|lock$|content\/ingest\/|layers\/\d+\/|containers\/[0-9a-f]{64}\/|volumes\/[^/]+\/_data\/)/.test(
          name,
        ),
    ),
  );
}

/** Its process, and what a network that was never used leaves (the neighbour tables and such of its own bridge). */
function isOwn(line: string, daemon: Daemon): boolean {
  return (
    line.startsWith('process ') &&
    (line.includes('dhow-with-effects') ||
      line.includes('daemon.mjs') ||
      line.includes(`process ${daemon.pid} `))
  );
}

export async function answerOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port, timeout: 5000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('timeout', () => socket.destroy(new Error('timeout')));
    socket.on('close', () => resolve(text));
  });
}
