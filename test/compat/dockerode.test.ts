import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import Docker from 'dockerode';
import { baseRootfs } from '../support/base-image.ts';
import type { Engine } from '../support/engine.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { waitFor } from '../support/wait-for.ts';
import { startEngine } from './start-engine.ts';

interface ProgressLine {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  stream?: string;
}

/** What programs do that embed Docker's most used Node client. */
describe('dockerode', () => {
  let engine: Engine;
  let registry: Registry;
  let docker: Docker;

  before(async () => {
    registry = await startRegistry();
    engine = await startEngine();
    docker = new Docker({ socketPath: engine.socket });
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  /** Splits a multiplexed stream, as the client does. */
  function demultiplex(stream: NodeJS.ReadableStream): { stdout: Promise<string>; stderr: Promise<string> } {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, stdout, stderr);
    stream.on('end', () => {
      stdout.end();
      stderr.end();
    });
    return { stdout: text(stdout), stderr: text(stderr) };
  }
  function follow(stream: NodeJS.ReadableStream): Promise<ProgressLine[]> {
    return new Promise((resolve, reject) => {
      docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines)));
    });
  }
  const create = (options: Omit<Docker.ContainerCreateOptions, 'Image'>): Promise<Docker.Container> =>
    docker.createContainer({ Image: 'busybox', ...options });

  it('asks for ping, version and info', async () => {
    assert.equal(String(await docker.ping()), 'OK');
    const version = await docker.version();
    assert.equal(version.Os, 'linux');
    assert.match(version.ApiVersion, /^1\.\d+$/);
    const info = await docker.info();
    assert.equal(info.OSType, 'linux');
    assert.equal(typeof info.MemTotal, 'number');
  });

  it('pulls with progress, lists, inspects, tags and removes an image', async () => {
    const name = `${registry.address}/dockerode:v1`;
    const recipe = { format: 'oci', compression: 'gzip', files: { greeting: 'hello' } } as const;
    const pushed = await pushImage(registry, 'dockerode', recipe, 'v1');
    const lines = await follow(await docker.pull(name));
    assert.ok(
      lines.some(
        ({ id, status }) => id === pushed.layerDigests[1]?.slice(7, 19) && status === 'Pull complete',
      ),
    );
    assert.equal(lines.at(-1)?.status, `Status: Downloaded newer image for ${name}`);

    const listed = (await docker.listImages()).find(({ RepoTags }) => RepoTags?.includes(name));
    assert.equal(listed?.Id, pushed.configDigest);
    const inspected = await docker.getImage(name).inspect();
    assert.deepEqual(inspected.RootFS.Layers, pushed.diffIds);
    assert.equal((await docker.getImage(name).history()).length, 2);
    await docker.getImage(name).tag({ repo: 'renamed', tag: 'v2' });
    await docker.getImage('renamed:v2').remove();
    await docker.getImage(name).remove();
    await assert.rejects(docker.getImage(name).inspect(), { statusCode: 404, reason: 'no such image' });
  });

  it('hears of a failed pull by its status or by the stream', async () => {
    await assert.rejects(docker.pull(`${registry.address}/nowhere:v1`), { statusCode: 404 });
  });

  it('imports, saves and loads an image', async () => {
    const imported = await follow(
      await docker.importImage(await baseRootfs(), { repo: 'imported', tag: 'v1' }),
    );
    assert.match(imported.at(-1)?.status ?? '', /^sha256:/);
    const file = `${engine.directory}/dockerode.tar`;
    const archive = await docker.getImage('imported:v1').get();
    await once(archive.pipe(fs.createWriteStream(file)), 'finish');
    await docker.getImage('imported:v1').remove();
    const loaded = await follow(await docker.loadImage(file));
    assert.ok(loaded.some(({ stream }) => stream === 'Loaded image: imported:v1\n'));
    await docker.getImage('imported:v1').remove();
  });

  it('takes a container through its life: create, attach, start, wait, logs, remove', async () => {
    const container = await create({
      name: 'dockerode-life',
      Cmd: ['sh', '-c', 'echo out; echo err >&2; echo $GREETING; exit 3'],
      Env: ['GREETING=hello'],
      Labels: { by: 'dockerode' },
    });
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const attached = demultiplex(stream);
    await container.start();
    assert.equal((await container.wait()).StatusCode, 3);
    assert.equal(await attached.stdout, 'out\nhello\n');
    assert.equal(await attached.stderr, 'err\n');

    const logs = await container.logs({ stdout: true, stderr: true, follow: true });
    const { stdout, stderr } = demultiplex(logs);
    assert.deepEqual([await stdout, await stderr], ['out\nhello\n', 'err\n']);
    const buffered = await container.logs({ stdout: true, stderr: false, timestamps: true });
    assert.match(buffered.subarray(8).toString(), /^20\d\d-\S+Z out\n/);

    const inspected = await container.inspect();
    assert.equal(inspected.Name, '/dockerode-life');
    assert.equal(inspected.State.ExitCode, 3);
    assert.equal(inspected.State.Status, 'exited');
    const [listed] = await docker.listContainers({ all: true, filters: { label: ['by=dockerode'] } });
    assert.equal(listed?.Id, container.id);
    assert.equal(listed?.State, 'exited');
    await container.remove();
    await assert.rejects(container.inspect(), { statusCode: 404, reason: 'no such container' });
  });

  it('finds the exit code as soon as the attached output has ended', async () => {
    for (let time = 0; time < 5; time++) {
      const container = await create({ Cmd: ['sh', '-c', 'echo out; exit 3'] });
      const stream = await container.attach({ stream: true, stdout: true });
      const { stdout } = demultiplex(stream);
      await container.start();
      assert.equal(await stdout, 'out\n');
      const { State } = await container.inspect();
      assert.deepEqual([State.Status, State.ExitCode], ['exited', 3]);
      await container.remove();
    }
  });

  it('talks to a process by a hijacked stream, with and without a terminal', async () => {
    for (const Tty of [false, true]) {
      const container = await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true, Tty });
      const stream = await container.attach({
        stream: true,
        stdin: true,
        stdout: true,
        stderr: true,
        hijack: true,
      });
      const seen = Tty ? text(stream.pipe(new PassThrough())) : demultiplex(stream).stdout;
      await container.start();
      if (Tty) await container.resize({ w: 100, h: 30 });
      stream.write('typed\n');
      // On a terminal the end of the input is a character; whoever closes the stream has hung up.
      if (Tty) stream.write('\x04');
      else stream.end();
      assert.equal((await container.wait()).StatusCode, 0);
      assert.equal(await seen, Tty ? 'typed\r\ntyped\r\n' : 'typed\n');
      await container.remove();
    }
  });

  it('runs a command in a running container, and a container by `run`', async () => {
    const container = await create({ Cmd: ['sleep', '1000'], HostConfig: { AutoRemove: true } });
    await container.start();
    const exec = await container.exec({
      Cmd: ['sh', '-c', 'cat; echo err >&2; exit 4'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const { stdout, stderr } = demultiplex(stream);
    stream.end('to the command');
    assert.deepEqual([await stdout, await stderr], ['to the command', 'err\n']);
    const inspected = await exec.inspect();
    assert.equal(inspected.ExitCode, 4);
    assert.equal(inspected.Running, false);
    await container.kill();

    const output = new PassThrough();
    const seen = text(output);
    const [result, ran] = await docker.run('busybox', ['sh', '-c', 'echo ran'], output);
    output.end();
    assert.equal(result.StatusCode, 0);
    assert.equal(await seen, 'ran\r\n');
    await ran.remove();
  });

  it('follows statistics and processes of a running container', async () => {
    const container = await create({ Cmd: ['sleep', '1234'] });
    await container.start();
    await waitFor('the program to take the place of its runtime', async () =>
      (await container.top()).Processes.some((row: string[]) => row.join(' ').includes('sleep 1234')),
    );
    const stats = await container.stats({ stream: false });
    // Debian's dockerd finds nothing in cgroups that are mounted one by one.
    if (engine.kind === 'dhow') {
      assert.match(stats.read, /^20\d\d-/);
      assert.ok(stats.memory_stats.usage > 0);
      assert.equal(stats.pids_stats?.current, 1);
    }
    await container.update({ Memory: 64 * 1024 * 1024, MemorySwap: -1 });
    assert.equal((await container.inspect()).HostConfig.Memory, 64 * 1024 * 1024);
    await container.pause();
    assert.equal((await container.inspect()).State.Paused, true);
    await container.unpause();
    await container.rename({ name: 'dockerode-renamed' });
    await container.stop({ t: 0 });
    await container.remove({ v: true });
  });

  it('copies files in and out', async () => {
    const container = await create({ Cmd: ['cat', '/tmp/etc/passwd'] });
    const passwd = await container.getArchive({ path: '/etc/passwd' });
    const tar = await Array.fromAsync(passwd as unknown as AsyncIterable<Buffer>);
    assert.ok(Buffer.concat(tar).includes('root:x:0:0'));
    await container.putArchive(await baseRootfs(), { path: '/tmp' });
    await container.start();
    await container.wait();
    const logs = await container.logs({ stdout: true });
    assert.ok(logs.includes('alice:x:1000'));
    await container.remove();
  });

  it('makes, lists, inspects and removes volumes', async () => {
    const volume = await docker.createVolume({ Name: 'dockerode-volume', Labels: { by: 'dockerode' } });
    assert.equal(volume.name, 'dockerode-volume');
    const { Volumes } = await docker.listVolumes({ filters: { label: ['by=dockerode'] } });
    assert.deepEqual(
      Volumes.map(({ Name }) => Name),
      ['dockerode-volume'],
    );
    const handle = docker.getVolume('dockerode-volume');
    assert.equal((await handle.inspect()).Driver, 'local');
    await handle.remove();
    await assert.rejects(handle.inspect(), { statusCode: 404 });
  });

  it('sees the default network', async () => {
    const networks = await docker.listNetworks();
    const bridge = networks.find(({ Name }) => Name === 'bridge');
    assert.equal(bridge?.Driver, 'bridge');
    const { IPAM } = await docker.getNetwork('bridge').inspect();
    assert.match(IPAM?.Config?.[0]?.['Subnet'] ?? '', /^\d+\.\d+\.\d+\.\d+\/\d+$/);
  });

  it('makes networks, and containers find each other on them', async () => {
    const network = await docker.createNetwork({ Name: 'dockerode-net', Labels: { by: 'dockerode' } });
    const web = await create({
      name: 'dockerode-web',
      Cmd: ['nc', '-ll', '-p', '80', '-e', 'echo', 'hello'],
      HostConfig: { NetworkMode: 'dockerode-net' },
      NetworkingConfig: { EndpointsConfig: { 'dockerode-net': { Aliases: ['other-name'] } } },
    });
    await web.start();
    const output = new PassThrough();
    const seen = text(output);
    const script =
      'for i in $(seq 50); do nc -w 2 other-name 80 && nc dockerode-web 80 && exit; sleep 0.1; done';
    const [result, client] = await docker.run('busybox', ['sh', '-c', script], output, {
      HostConfig: { NetworkMode: 'dockerode-net' },
    });
    output.end();
    assert.equal(result.StatusCode, 0);
    assert.equal(await seen, 'hello\r\nhello\r\n');
    const inspected = await docker.getNetwork('dockerode-net').inspect();
    assert.deepEqual(Object.keys(inspected.Containers ?? {}), [web.id]);
    await assert.rejects(network.remove(), { statusCode: 403 });
    await network.disconnect({ Container: web.id });
    await network.connect({ Container: web.id });
    await web.remove({ force: true });
    await client.remove();
    await network.remove();
    await assert.rejects(network.inspect(), { statusCode: 404 });
  });

  it('hears of events as they happen, and of those that have been', async () => {
    const since = Math.floor(Date.now() / 1000);
    const stream = await docker.getEvents({ filters: { type: ['container'], label: ['heard=yes'] } });
    const seen: { Action: string; Actor: { Attributes: Record<string, string> } }[] = [];
    stream.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) seen.push(JSON.parse(line));
    });
    const container = await create({ Cmd: ['true'], Labels: { heard: 'yes' } });
    await container.start();
    await container.wait();
    await container.remove();
    await waitFor('the last event', () => seen.some(({ Action }) => Action === 'destroy'));
    (stream as unknown as Readable).destroy();
    assert.deepEqual(
      seen.map(({ Action }) => Action),
      ['create', 'start', 'die', 'destroy'],
    );
    assert.equal(seen[2]?.Actor.Attributes['exitCode'], '0');

    const past = await docker.getEvents({
      since,
      until: Math.floor(Date.now() / 1000) + 1,
      filters: { label: ['heard=yes'], event: ['die'] },
    });
    assert.equal((await text(past as unknown as Readable)).trim().split('\n').length, 1);
  });

  it('is told what went wrong by status and reason', async () => {
    const container = await create({ name: 'dockerode-wrong', Cmd: ['sleep', '1000'] });
    await assert.rejects(create({ name: 'dockerode-wrong' }), { statusCode: 409 });
    await assert.rejects(docker.createContainer({ Image: 'no-such-image' }), { statusCode: 404 });
    await assert.rejects(container.kill(), { statusCode: 409 });
    await container.start();
    await assert.rejects(container.start(), { statusCode: 304 });
    await assert.rejects(container.remove(), { statusCode: 409 });
    await assert.rejects(docker.getExec('no-such-exec').inspect(), { statusCode: 404 });
    await container.remove({ force: true });
    const wrong = await create({ Cmd: ['/no/such/program'] });
    await assert.rejects(wrong.start(), { statusCode: 400 });
    await wrong.remove();
  });

  it('prunes containers, images and volumes', async () => {
    const container = await create({ Cmd: ['true'] });
    await container.start();
    await container.wait();
    const { ContainersDeleted } = await docker.pruneContainers();
    assert.ok(ContainersDeleted.includes(container.id));
    await docker.pruneImages({ filters: { dangling: ['true'] } });
    await docker.createVolume({});
    assert.ok(((await docker.pruneVolumes()).VolumesDeleted ?? []).length > 0);
  });
});
