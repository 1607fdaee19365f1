import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { archiveOf, type TestEntry } from '#archive/testing/archive-bytes.ts';
import { describeTree } from '#archive/testing/describe-tree.ts';
import type { Cli } from '../support/cli.ts';
import { outputOf } from '../support/command.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { type PushedImage, pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

/** Images go both ways between Dhow and the other tools of Debian, with equal ids and equal trees. */

const file = (name: string, content: string | Buffer, more: Partial<TestEntry> = {}): TestEntry => ({
  type: 'file',
  name: `data/${name}`,
  content,
  mode: 0o644,
  modifiedAt: { seconds: 1_600_000_000, nanoseconds: 123_456_789 },
  ...more,
});
const directory = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({
  ...file(name, ''),
  type: 'directory',
  mode: 0o755,
  ...more,
});
/** cap_net_bind_service=ep, revision 2 (linux/capability.h). */
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** What layers can hold, below /data. The first layer has what the second hides. */
const layers = [
  archiveOf([
    directory(''),
    directory('opaque'),
    file('opaque/hidden', 'hidden'),
    directory('shared'),
    file('shared/removed', 'removed'),
    file('shared/kept', 'kept'),
    file('replaced', 'old'),
  ]),
  archiveOf([
    directory(''),
    directory('opaque', { mode: 0o2775 }),
    file('opaque/.wh..wh..opq', ''),
    file('opaque/shown', 'shown'),
    directory('shared'),
    file('shared/.wh.removed', ''),
    file('replaced', 'new'),
    file('setuid', '', { mode: 0o4755 }),
    file('nobody', '', { mode: 0 }),
    file('owned', '', { uid: 1000, gid: 50 }),
    file('far', '', { uid: 3_000_000, gid: 3_000_001 }),
    file('capable', '', { xattrs: new Map([['security.capability', capability]]) }),
    file('old', '', { modifiedAt: { seconds: 100, nanoseconds: 0 } }),
    file('big', Buffer.alloc(300_000, 'pattern')),
    file('linked', 'linked'),
    {
      type: 'hard-link',
      name: 'data/link',
      linkName: 'data/linked',
      mode: 0o644,
      modifiedAt: { seconds: 1_600_000_000, nanoseconds: 123_456_789 },
    },
    { ...file('symlink', ''), type: 'symlink', linkName: '/data/big', mode: 0o777 },
    { ...file('dangling', ''), type: 'symlink', linkName: '../../..', mode: 0o777 },
    { ...file('zero', ''), type: 'character-device', deviceMajor: 1, deviceMinor: 5, mode: 0o666 },
    { ...file('pipe', ''), type: 'fifo', mode: 0o600 },
    directory('n'.repeat(90)),
    file(`${'n'.repeat(90)}/${'m'.repeat(150)}`, 'long'),
    file('ünï → code', 'unicode'),
  ]),
];

let registry: Registry;
let daemon: Daemon;
let dockerd: Engine;
let dhow: Cli;
let docker: Cli;
let scratch = '';

let counter = 0;
const unique = (prefix: string): string => `${prefix}-${++counter}`;
const fileFor = (name: string): string => path.join(scratch, unique(name));

function podman(...args: string[]): Promise<string> {
  const storage = ['--root', `${scratch}/podman`, '--runroot', `${scratch}/podman-run`];
  const options = ['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  return outputOf('podman', [...storage, ...options, ...args], { timeoutMs: 60_000 });
}

/** podman keeps its storage mounted onto itself. */
async function unmountPodman(): Promise<void> {
  await outputOf('umount', ['--lazy', `${scratch}/podman/overlay`]).catch(() => '');
}

/** The tree that containers of an image see below /data. */
async function treeIn(cli: Cli, image: string): Promise<string[]> {
  const id = await cli.out('run', '-d', '--network', 'none', image, 'sleep', '1000');
  try {
    const pid = await cli.out('inspect', '--format', '{{.State.Pid}}', id);
    return describeTree(`/proc/${pid}/root/data`);
  } finally {
    await cli.out('rm', '-f', id);
  }
}

async function treeInPodman(image: string): Promise<string[]> {
  const mount = await podman('image', 'mount', image);
  try {
    return describeTree(`${mount}/data`);
  } finally {
    await podman('image', 'umount', image);
  }
}

/** umoci leaves on directories the time when it last put something into them. */
function treeOfUmoci(bundle: string): string[] {
  return describeTree(`${bundle}/rootfs/data`).map(withoutDirectoryTime);
}

function withoutDirectoryTime(line: string): string {
  return / 4\d{4} /.test(line) ? line.replace(/ mtime=\d+/, '') : line;
}

async function push(): Promise<PushedImage & { name: string }> {
  const repository = unique('interop');
  const recipe = { format: 'docker', compression: 'gzip', layers } as const;
  const pushed = await pushImage(registry, repository, recipe, 'v1');
  return { ...pushed, name: `${registry.address}/${repository}:v1` };
}

const idOf = (cli: Cli, image: string): Promise<string> =>
  cli.out('image', 'inspect', '--format', '{{.Id}}', image);
const podmanId = async (image: string): Promise<string> =>
  `sha256:${await podman('image', 'inspect', '--format', '{{.Id}}', image)}`;

describe('an image', () => {
  let source: PushedImage & { name: string };
  let tree: string[];
  before(async () => {
    registry = await startRegistry();
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    scratch = fs.mkdtempSync(path.join(daemon.directory, 'interop-'));
    dockerd = await startDockerd();
    docker = dockerd.cli('docker');
  });
  after(async () => {
    await unmountPodman();
    await dockerd?.[Symbol.asyncDispose]();
    await daemon?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });
  before(async () => {
    source = await push();
    await dhow.out('pull', '-q', source.name);
    tree = await treeIn(dhow, source.name);
  });

  it('has all that its layers hold', () => {
    assert.ok(tree.length > 20, tree.join('\n'));
    assert.ok(tree.some((line) => line.includes('security.capability=')));
    assert.ok(!tree.some((line) => /hidden|removed|\.wh\./.test(line)));
  });

  it('is the same in dockerd and podman when all pull it', async () => {
    await docker.out('pull', '-q', source.name);
    await podman('pull', '-q', '--tls-verify=false', source.name);
    assert.equal(await idOf(dhow, source.name), source.configDigest);
    assert.equal(await idOf(docker, source.name), source.configDigest);
    assert.equal(await podmanId(source.name), source.configDigest);
    assert.deepEqual(await treeIn(docker, source.name), tree);
    assert.deepEqual(await treeInPodman(source.name), tree);
  });

  it('that Dhow pushes is pulled by dockerd, podman and skopeo', async () => {
    const target = `${registry.address}/${unique('by-dhow')}:v1`;
    await dhow.out('tag', source.name, target);
    await dhow.out('push', '-q', target);
    await docker.out('pull', '-q', target);
    await podman('pull', '-q', '--tls-verify=false', target);
    assert.equal(await idOf(docker, target), source.configDigest);
    assert.equal(await podmanId(target), source.configDigest);
    const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${target}`];
    assert.equal(await outputOf('skopeo', inspect), source.digest);
  });

  it('that dockerd and podman push is pulled by Dhow', async () => {
    for (const [name, send] of [
      ['dockerd', (target: string) => docker.out('push', '-q', target)],
      ['podman', (target: string) => podman('push', '-q', '--tls-verify=false', target)],
    ] as const) {
      const target = `${registry.address}/${unique(`by-${name}`)}:v1`;
      await (name === 'dockerd'
        ? docker.out('tag', source.name, target)
        : podman('tag', source.name, target));
      await send(target);
      await dhow.out('pull', '-q', target);
      assert.equal(await idOf(dhow, target), source.configDigest, name);
      assert.deepEqual(await treeIn(dhow, target), tree, name);
    }
  });

  it('that Dhow saves is loaded by dockerd and podman', async () => {
    const [archive, name] = [fileFor('saved.tar'), `${unique('saved')}:v1`];
    await dhow.out('tag', source.name, name);
    await dhow.out('save', '-o', archive, name);
    await docker.out('load', '-q', '-i', archive);
    assert.equal(await idOf(docker, name), source.configDigest);
    assert.deepEqual(await treeIn(docker, name), tree);
    await podman('load', '-q', '-i', archive);
    assert.equal(await podmanId(name), source.configDigest);
    assert.deepEqual(await treeInPodman(name), tree);
  });

  it('that dockerd and podman save is loaded by Dhow', async () => {
    const name = `${unique('loaded')}:v1`;
    await docker.out('tag', source.name, name);
    const archives = {
      dockerd: fileFor('dockerd.tar'),
      podman: fileFor('podman.tar'),
      oci: fileFor('oci.tar'),
    };
    await docker.out('save', '-o', archives.dockerd, name);
    await podman('save', '-q', '-o', archives.podman, source.name);
    await podman('save', '-q', '--format', 'oci-archive', '-o', archives.oci, source.name);
    for (const [writer, archive] of Object.entries(archives)) {
      // A store that has nothing of it: every layer comes out of the archive.
      await using other = await startDaemon();
      const cli = other.cli('dhow');
      const loaded = await cli.out('load', '-i', archive);
      const id = (await cli.out('images', '-q', '--no-trunc')).split('\n')[0] ?? '';
      assert.match(loaded, /^Loaded image/, writer);
      // podman's OCI archive has another configuration: the media types are not Docker's, the bytes are.
      assert.equal(id, source.configDigest, writer);
      assert.deepEqual(await treeIn(cli, id), tree, writer);
    }
  });

  it('goes through OCI layouts of skopeo and umoci', async () => {
    const [archive, layout] = [fileFor('for-umoci.tar'), fileFor('layout')];
    await dhow.out('save', '-o', archive, source.name);
    await registry.skopeoCopy(`docker-archive:${archive}`, `oci:${layout}:v1`);
    const bundle = fileFor('bundle');
    await outputOf('umoci', ['unpack', '--image', `${layout}:v1`, bundle]);
    assert.deepEqual(treeOfUmoci(bundle), tree.map(withoutDirectoryTime));

    fs.writeFileSync(`${bundle}/rootfs/data/added`, 'by umoci');
    fs.rmSync(`${bundle}/rootfs/data/setuid`);
    await outputOf('umoci', ['repack', '--image', `${layout}:v2`, bundle]);
    const changed = fileFor('changed.tar');
    await outputOf('tar', ['-C', layout, '-cf', changed, '.']);
    const loaded = await dhow.out('load', '-i', changed);
    const id = /sha256:[0-9a-f]{64}/.exec(loaded.split('\n').at(-1) ?? '')?.[0] ?? '';
    const names = await dhow.out('run', '--rm', id, 'ls', '/data');
    assert.match(names, /^added$/m);
    assert.doesNotMatch(names, /^setuid$/m);
  });

  it('is unpacked by umoci straight from what Dhow saves', async () => {
    const [archive, layout, bundle] = [fileFor('direct.tar'), fileFor('direct'), fileFor('direct-bundle')];
    const name = `${unique('direct')}:v1`;
    await dhow.out('tag', source.name, name);
    await dhow.out('save', '-o', archive, name);
    fs.mkdirSync(layout);
    await outputOf('tar', ['-C', layout, '-xf', archive]);
    await outputOf('umoci', ['unpack', '--image', `${layout}:v1`, bundle]);
    assert.deepEqual(treeOfUmoci(bundle), tree.map(withoutDirectoryTime));
  });
});
