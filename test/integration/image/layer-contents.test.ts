import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { getXattr, listXattrs, setXattr } from '#sys/xattr.ts';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

/** struct vfs_cap_data of linux/capability.h, revision 2: cap_net_bind_service, effective and permitted. */
const fileCapability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const longName = 'long-'.repeat(40);

/** Layers as they come: what the second one takes away, replaces and adds. */
async function makeLayers(directory: string): Promise<Buffer[]> {
  const lower = tree(directory, 'lower');
  lower.write('kept/file', 'kept');
  lower.write('gone/file', 'must not be seen');
  lower.write('some/gone', 'must not be seen');
  lower.write('some/kept', 'kept');
  lower.write('opaque/hidden', 'must not be seen');
  lower.write('opaque/deep/hidden', 'must not be seen');
  lower.write('file-to-directory', 'a file');
  lower.write('directory-to-file/inner', 'must not be seen');
  lower.write('replaced', 'old');
  const first = await lower.tar();

  const upper = tree(directory, 'upper');
  upper.write('.wh.gone', '');
  upper.write('some/.wh.gone', '');
  upper.write('some/new', 'new');
  upper.write('opaque/.wh..wh..opq', '');
  upper.write('opaque/shown', 'shown');
  upper.write('file-to-directory/inner', 'now a directory');
  upper.write('directory-to-file', 'now a file');
  upper.write('replaced', 'new');
  upper.write('links/one', 'linked');
  fs.linkSync(upper.path('links/one'), upper.path('links/two'));
  fs.symlinkSync('one', upper.path('links/relative'));
  fs.symlinkSync('/links/one', upper.path('links/absolute'));
  upper.write('modes/setuid', '', 0o4755);
  upper.write('modes/setgid', '', 0o2711);
  upper.write('modes/sticky/x', '');
  fs.chmodSync(upper.path('modes/sticky'), 0o1777);
  upper.write('modes/none', '', 0);
  upper.write('owners/alice', '');
  fs.chownSync(upper.path('owners/alice'), 1000, 50);
  upper.write('owners/far', '');
  fs.chownSync(upper.path('owners/far'), 3_000_000, 3_000_001);
  fs.mkdirSync(upper.path('devices'));
  spawnSync('mknod', [upper.path('devices/zero'), 'c', '1', '5']);
  spawnSync('mknod', [upper.path('devices/pipe'), 'p']);
  upper.write('times/old', '');
  fs.utimesSync(upper.path('times/old'), 1_000_000_000.25, 1_000_000_000.25);
  upper.write(`names/${longName}`, 'long');
  upper.write('names/ünï → code', 'unicode');
  upper.write('attributes/capability', '', 0o755);
  upper.attribute('attributes/capability', 'security.capability', fileCapability);
  upper.write('attributes/user', '');
  upper.attribute('attributes/user', 'user.note', Buffer.from('hello'));
  const sparse = fs.openSync(upper.path('sparse'), 'w');
  fs.writeSync(sparse, 'end', 50_000_000);
  fs.closeSync(sparse);
  return [first, await upper.tar()];
}

describeEngine('pull › what layers hold is what a container sees:', ({ cli, engine, unique }) => {
  let image = '';
  const sh = (script: string): Promise<string> => cli.out('run', '--rm', image, 'sh', '-c', script);
  const stat = (format: string, ...files: string[]): Promise<string> =>
    cli.out('run', '--rm', image, 'stat', '-c', format, ...files);

  before(async () => {
    const repository = unique('contents');
    image = `${registry.address}/${repository}:v1`;
    const layers = await makeLayers(path.join(engine().directory, repository));
    await pushImage(registry, repository, { format: 'oci', compression: 'gzip', layers }, 'v1');
    await cli.out('pull', '-q', image);
  });

  it('whiteouts take away files and directories of the layers below', async () => {
    assert.equal(
      await sh('ls -A / | grep -e gone -e "^[.]wh"; ls -A /some; cat /kept/file'),
      'kept\nnew\nkept',
    );
  });

  it('an opaque directory hides all that is below it', async () => {
    assert.equal(await sh('ls -A /opaque'), 'shown');
  });

  it('files and directories take each other’s place', async () => {
    assert.equal(
      await sh('cat /file-to-directory/inner /directory-to-file /replaced'),
      'now a directorynow a filenew',
    );
  });

  it('hard links are one file', async () => {
    const [one, two] = (await stat('%i %h', '/links/one', '/links/two')).split('\n');
    assert.equal(one, two);
    assert.match(one ?? '', / 2$/);
  });

  it('symbolic links keep their text', async () => {
    assert.equal(
      await sh('readlink /links/relative; readlink /links/absolute; cat /links/relative /links/absolute'),
      'one\n/links/one\nlinkedlinked',
    );
  });

  it('modes with setuid, setgid and sticky bits', async () => {
    const files = ['setuid', 'setgid', 'sticky', 'none'].map((name) => `/modes/${name}`);
    assert.equal(await stat('%a', ...files), '4755\n2711\n1777\n0');
  });

  it('owners, also beyond 2^21', async () => {
    assert.equal(await stat('%u:%g', '/owners/alice', '/owners/far'), '1000:50\n3000000:3000001');
  });

  it('devices and pipes', async () => {
    assert.equal(await stat('%F %t %T', '/devices/zero'), 'character special file 1 5');
    assert.equal(await stat('%F', '/devices/pipe'), 'fifo');
    assert.equal(await sh('head -c 3 /devices/zero | wc -c'), '3');
  });

  it('times with their fractions', async () => {
    assert.match(await stat('%y', '/times/old'), /^2001-09-09 01:46:40\.25/);
  });

  it('names that are long or not ASCII', async () => {
    assert.equal(await sh(`cat "/names/${longName}" "/names/ünï → code"`), 'longunicode');
  });

  it('holes of sparse files, which take no space', async () => {
    assert.equal(await stat('%s', '/sparse'), '50000003');
    // dockerd writes them out.
    if (engine().kind === 'dockerd') return;
    const blocks = Number(await stat('%b', '/sparse'));
    assert.ok(blocks < 1000, `${blocks} blocks`);
  });

  it('extended attributes and file capabilities', async () => {
    const id = await cli.out('run', '-d', image, 'sleep', '1000');
    const pid = await cli.out('inspect', '--format', '{{.State.Pid}}', id);
    const attributes = `/proc/${pid}/root/attributes`;
    assert.deepEqual(getXattr(`${attributes}/capability`, 'security.capability'), fileCapability);
    assert.deepEqual(listXattrs(`${attributes}/user`), ['user.note']);
    assert.equal(getXattr(`${attributes}/user`, 'user.note')?.toString(), 'hello');
    await cli.out('rm', '-f', id);
  });
});

/** A directory to be filled and packed by GNU tar, which knows all that a layer may hold. */
function tree(directory: string, name: string) {
  const root = path.join(directory, name);
  fs.mkdirSync(root, { recursive: true });
  const at = (file: string): string => path.join(root, file);
  return {
    path: at,
    write(file: string, text: string, mode = 0o644): void {
      fs.mkdirSync(path.dirname(at(file)), { recursive: true });
      fs.writeFileSync(at(file), text);
      fs.chmodSync(at(file), mode);
    },
    attribute(file: string, attribute: string, value: Buffer): void {
      const fd = fs.openSync(at(file), 'r');
      setXattr(fd, attribute, value);
      fs.closeSync(fd);
    },
    async tar(): Promise<Buffer> {
      const options = ['--format=pax', '--sparse', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
      await outputOf('tar', ['-C', root, ...options, '-cf', `${root}.tar`, '.']);
      return fs.readFileSync(`${root}.tar`);
    },
  };
}
