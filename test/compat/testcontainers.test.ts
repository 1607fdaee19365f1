import assert from 'node:assert/strict';
import os from 'node:os';
import { after, before, describe, it } from 'node:test';
import { GenericContainer, getContainerRuntimeClient, Network, PullPolicy, Wait } from 'testcontainers';
import { readTar } from '#archive/read-tar.ts';
import type { Engine } from '../support/engine.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { startEngine } from './start-engine.ts';

/** What a test suite does that starts its services by testcontainers. Its reaper has a test of its own. */
describe('testcontainers', () => {
  let engine: Engine;
  let registry: Registry;
  let image: string;

  before(async () => {
    registry = await startRegistry();
    engine = await startEngine();
    process.env['DOCKER_HOST'] = engine.host;
    process.env['DOCKER_CONFIG'] = `${engine.directory}/config`;
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
    image = `${registry.address}/web:v1`;
    const recipe = {
      format: 'oci',
      compression: 'gzip',
      files: { 'www/greeting': 'from the image' },
      config: { Cmd: ['httpd', '-f', '-v', '-p', '80', '-h', '/www'], ExposedPorts: { '80/tcp': {} } },
    } as const;
    await pushImage(registry, 'web', recipe, 'v1');
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  const ids = (): Promise<string> => engine.cli('docker').out('ps', '-aq');

  it('finds the daemon', async () => {
    const { info } = await getContainerRuntimeClient();
    assert.equal(info.containerRuntime.operatingSystemType, 'linux');
    assert.equal(info.containerRuntime.architecture, os.arch() === 'x64' ? 'x86_64' : 'aarch64');
  });

  it('pulls an image, publishes a port, waits until it listens, and removes the container', async () => {
    const container = await new GenericContainer(image)
      .withExposedPorts(80)
      .withWaitStrategy(Wait.forListeningPorts())
      .start();
    const url = `http://${container.getHost()}:${container.getMappedPort(80)}`;
    assert.equal(await (await fetch(`${url}/greeting`)).text(), 'from the image');
    assert.notEqual(await ids(), '');
    await container.stop();
    assert.equal(await ids(), '');
    await assert.rejects(fetch(`${url}/greeting`));
  });

  it('waits for HTTP, and copies content in before the start', async () => {
    await using container = await new GenericContainer(image)
      .withCopyContentToContainer([{ content: 'copied', target: '/www/copied' }])
      .withExposedPorts(80)
      .withWaitStrategy(Wait.forHttp('/copied', 80).forStatusCode(200))
      .start();
    const url = `http://${container.getHost()}:${container.getMappedPort(80)}/copied`;
    assert.equal(await (await fetch(url)).text(), 'copied');
  });

  it('waits for a line of the log, and reads the log', async () => {
    const lines: string[] = [];
    await using container = await new GenericContainer('busybox')
      .withCommand(['sh', '-c', 'for i in 1 2 3; do echo line $i; done; echo ready; exec sleep 1000'])
      .withWaitStrategy(Wait.forLogMessage(/ready/))
      .withLogConsumer((stream) => stream.on('data', (line: string) => lines.push(line)))
      .start();
    const logs = await container.logs();
    await new Promise<void>((resolve) =>
      logs.on('data', (line: string) => {
        if (line.includes('ready')) resolve();
      }),
    );
    logs.destroy();
    assert.match(lines.join(''), /line 1[\s\S]*line 3[\s\S]*ready/);
  });

  it('waits for a command to succeed, or for the end', async () => {
    await using container = await new GenericContainer('busybox')
      .withCommand(['sh', '-c', 'touch /tmp/done; exec sleep 1000'])
      .withWaitStrategy(Wait.forSuccessfulCommand('test -e /tmp/done'))
      .start();
    assert.equal((await container.exec(['test', '-e', '/tmp/done'])).exitCode, 0);
    const once = await new GenericContainer('busybox')
      .withCommand(['echo', 'once'])
      .withWaitStrategy(Wait.forOneShotStartup())
      .start();
    await once.stop();
  });

  it('runs commands, with output, exit code, user, directory and environment', async () => {
    await using container = await new GenericContainer('busybox')
      .withCommand(['sleep', '1000'])
      .withEnvironment({ GREETING: 'hello' })
      .withWorkingDir('/tmp')
      .withUser('alice')
      .withLabels({ purpose: 'test' })
      .withTmpFs({ '/scratch': 'rw,size=1m' })
      .withBindMounts([{ source: engine.directory, target: '/host', mode: 'ro' }])
      .withResourcesQuota({ memory: 0.1, cpu: 1 })
      .start();
    const result = await container.exec([
      'sh',
      '-c',
      'echo $GREETING from $(pwd) as $(id -un); echo err >&2; exit 5',
    ]);
    assert.deepEqual(
      { ...result },
      {
        output: 'hello from /tmp as alice\nerr\n',
        stdout: 'hello from /tmp as alice\n',
        stderr: 'err\n',
        exitCode: 5,
      },
    );
    const other = await container.exec('id -u', { user: 'root', workingDir: '/', env: { A: 'b' } });
    assert.equal(other.output, '0\n');
    assert.match((await container.exec(['grep', ' /scratch ', '/proc/mounts'])).output, /size=1024k/);
    assert.equal((await container.exec(['test', '-d', '/host/config'])).exitCode, 0);
  });

  it('copies files to and from a running container', async () => {
    await using container = await new GenericContainer('busybox').withCommand(['sleep', '1000']).start();
    await container.copyContentToContainer([{ content: 'late', target: '/tmp/late', mode: 0o600 }]);
    await container.copyFilesToContainer([{ source: import.meta.filename, target: '/tmp/itself.ts' }]);
    assert.equal((await container.exec(['stat', '-c', '%a %s', '/tmp/late'])).output, '600 4\n');
    assert.match((await container.exec(['cat', '/tmp/itself.ts'])).output, /copies files to and from/);
    const names: string[] = [];
    const archive = await container.copyArchiveFromContainer('/etc/passwd');
    for await (const { header } of readTar(archive as unknown as AsyncIterable<Uint8Array>))
      names.push(header.name);
    assert.deepEqual(names, ['passwd']);
  });

  it('puts containers on a network of their own, where they find each other', async () => {
    await using network = await new Network().start();
    await using _web = await new GenericContainer(image)
      .withNetwork(network)
      .withNetworkAliases('web')
      .withExposedPorts(80)
      .start();
    await using client = await new GenericContainer('busybox')
      .withNetwork(network)
      .withCommand(['sleep', '1000'])
      .start();
    const { output } = await client.exec(['wget', '-qO-', 'http://web/greeting']);
    assert.equal(output, 'from the image');
  });

  it('restarts a container, which keeps its files and gets a port', async () => {
    await using container = await new GenericContainer(image).withExposedPorts(80).start();
    await container.exec(['touch', '/kept']);
    await container.restart();
    assert.equal((await container.exec(['test', '-e', '/kept'])).exitCode, 0);
    const url = `http://${container.getHost()}:${container.getMappedPort(80)}/greeting`;
    assert.equal(await (await fetch(url)).text(), 'from the image');
  });

  it('tells why a container did not come up, and leaves none behind', async () => {
    await assert.rejects(
      new GenericContainer('busybox')
        .withCommand(['sh', '-c', 'echo broken; exit 1'])
        .withWaitStrategy(Wait.forLogMessage('never'))
        .withStartupTimeout(5000)
        .start(),
      /never|exited|not received/,
    );
    await assert.rejects(
      new GenericContainer(`${registry.address}/nowhere:v1`).withPullPolicy(PullPolicy.alwaysPull()).start(),
      /manifest unknown|not found/,
    );
    assert.equal(await ids(), '');
  });
});
