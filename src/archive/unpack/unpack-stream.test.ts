import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { archiveOf, type TestEntry } from '#archive/testing/archive-bytes.ts';
import { describeTree } from '#archive/testing/describe-tree.ts';
import { type Unpacked, UnpackStream } from '#archive/unpack/unpack-stream.ts';
import { statusAt } from '#sys/file-tree.ts';
import { getXattr } from '#sys/xattr.ts';

let directory = '';
/** Where entries go. Beside it lies `outside`, which no archive may touch. */
let root = '';

beforeEach(() => {
  directory = fs.mkdtempSync('/tmp/archive-hostile-');
  root = path.join(directory, 'root');
  fs.mkdirSync(root);
  fs.mkdirSync(path.join(directory, 'outside'));
  fs.writeFileSync(path.join(directory, 'outside/secret'), 'secret', { mode: 0o600 });
});

afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

function unpack(
  entries: readonly TestEntry[],
  whiteouts: 'overlay' | 'literal' = 'overlay',
): Promise<Unpacked> {
  const stream = new UnpackStream(root, { whiteouts, maxBytes: 1e9 });
  stream.push(archiveOf(entries), () => {});
  stream.end();
  return stream.result;
}

const at = (name: string): string => path.join(root, name);
const read = (name: string): string => fs.readFileSync(at(name), 'utf8');
const isWhiteout = (name: string): boolean => statusAt(-100, at(name)).isWhiteout;
const isOpaque = (name: string): boolean => getXattr(at(name), 'trusted.overlay.opaque')?.toString() === 'y';

const file = (name: string, content = 'new', more: Partial<TestEntry> = {}): TestEntry => ({
  type: 'file',
  name,
  content,
  mode: 0o644,
  ...more,
});
const dir = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({
  type: 'directory',
  name,
  mode: 0o755,
  ...more,
});
const symlink = (name: string, linkName: string): TestEntry => ({ type: 'symlink', name, linkName });
const hardLink = (name: string, linkName: string): TestEntry => ({
  type: 'hard-link',
  name,
  linkName,
  mode: 0o644,
});

describe('an archive stays below the root', () => {
  const inside: { name: string; entries: () => TestEntry[]; made: string }[] = [
    { name: 'with an absolute name', entries: () => [file('/etc/x')], made: 'etc/x' },
    { name: 'with `..` that stays inside', entries: () => [dir('a'), file('a/../b//./x')], made: 'b/x' },
    {
      name: 'through an absolute symlink to a directory',
      entries: () => [symlink('up', `${directory}/outside`), dir(`${directory}/outside`), file('up/x')],
      made: 'up/x',
    },
    {
      name: 'through a symlink with more `..` than there are parents',
      entries: () => [dir('a'), symlink('a/up', '../../../../../b'), dir('b'), file('a/up/x')],
      made: 'b/x',
    },
    {
      name: 'through a symlink that replaced a directory that was in use',
      entries: () => [
        dir('a'),
        file('a/first'),
        symlink('a', `${directory}/outside`),
        dir(`${directory}/outside`),
        file('a/x'),
      ],
      made: 'a/x',
    },
    {
      name: 'when a symlink stands where a file shall be',
      entries: () => [symlink('x', `${directory}/outside/secret`), file('x')],
      made: 'x',
    },
    {
      name: 'when a symlink stands where a directory shall be',
      entries: () => [symlink('d', `${directory}/outside`), dir('d', { mode: 0o777 }), file('d/x')],
      made: 'd/x',
    },
  ];
  for (const { name, entries, made } of inside) {
    it(name, async () => {
      const before = describeTree(path.join(directory, 'outside'));
      await unpack(entries());
      assert.deepEqual(describeTree(path.join(directory, 'outside')), before);
      const resolved = fs.realpathSync(at(path.dirname(made)));
      const name = path.basename(made);
      const here = resolved.startsWith(root) ? path.join(resolved, name) : path.join(root, resolved, name);
      assert.equal(fs.readFileSync(here, 'utf8'), 'new');
      assert.ok(fs.lstatSync(here).isFile());
    });
  }

  const refused: { name: string; entries: () => TestEntry[]; message: RegExp }[] = [
    { name: 'a name above the root', entries: () => [file('../x')], message: /outside the root/ },
    { name: 'a name that goes in and out', entries: () => [file('a/../../x')], message: /outside the root/ },
    {
      name: 'a hard link above the root',
      entries: () => [hardLink('x', '../outside/secret')],
      message: /outside the root/,
    },
    {
      name: 'a hard link to an absolute path outside',
      entries: () => [hardLink('x', `${directory}/outside/secret`)],
      message: /hard link to/,
    },
    {
      name: 'a hard link through a symlink that leads outside',
      entries: () => [symlink('up', '../outside'), hardLink('x', 'up/secret')],
      message: /hard link to/,
    },
    { name: 'a hard link to the root', entries: () => [hardLink('x', '/')], message: /link to the root/ },
    { name: 'a hard link to a directory', entries: () => [dir('d'), hardLink('x', 'd')], message: /EPERM/ },
    {
      name: 'an entry below a symlink that leads nowhere',
      entries: () => [symlink('up', '../outside'), file('up/secret')],
      message: /leads to no directory/,
    },
    { name: 'an entry below a file', entries: () => [file('a'), file('a/x')], message: /not a directory/ },
    {
      name: 'an entry below symlinks in a circle',
      entries: () => [symlink('a', 'b'), symlink('b', 'a'), file('a/x')],
      message: /ELOOP|leads to no directory/,
    },
    { name: 'a root that is a file', entries: () => [file('./')], message: /not a directory/ },
    {
      name: 'a root that is a symlink',
      entries: () => [symlink('a/..', '/etc')],
      message: /not a directory/,
    },
    {
      name: 'a part of a name that is too long',
      entries: () => [file('n'.repeat(300))],
      message: /ENAMETOOLONG/,
    },
    {
      name: 'a device number out of range',
      entries: () => [{ type: 'block-device', name: 'x', deviceMajor: 5000, deviceMinor: 0 }],
      message: /device number/,
    },
    {
      name: 'a whiteout of the parent',
      entries: () => [dir('a'), file('a/.wh...')],
      message: /not the whiteout/,
    },
    { name: 'a whiteout of nothing', entries: () => [file('.wh.')], message: /not the whiteout/ },
    { name: 'an entry in a whiteout', entries: () => [file('.wh.a/x')], message: /lies in a whiteout/ },
  ];
  for (const { name, entries, message } of refused) {
    it(`refusing ${name}`, async () => {
      const before = describeTree(path.join(directory, 'outside'));
      await assert.rejects(unpack(entries()), { kind: 'InvalidParameter', message });
      assert.deepEqual(describeTree(path.join(directory, 'outside')), before);
    });
  }
});

describe('a later entry of the same name', () => {
  const cases: { name: string; entries: TestEntry[]; expected: () => unknown; value: unknown }[] = [
    {
      name: 'replaces a file',
      entries: [file('x', 'old'), file('x')],
      expected: () => read('x'),
      value: 'new',
    },
    {
      name: 'does not write through a hard link',
      entries: [file('a', 'old'), hardLink('b', 'a'), file('b')],
      expected: () => [read('a'), read('b')],
      value: ['old', 'new'],
    },
    {
      name: 'replaces a directory with a file',
      entries: [dir('d'), dir('d/e'), file('d/e/x'), file('d')],
      expected: () => read('d'),
      value: 'new',
    },
    {
      name: 'replaces a file with a directory',
      entries: [file('d'), dir('d'), file('d/x')],
      expected: () => read('d/x'),
      value: 'new',
    },
    {
      name: 'keeps what is in a directory and changes its metadata',
      entries: [dir('d', { mode: 0o700 }), file('d/x'), dir('d', { mode: 0o711, uid: 5 })],
      expected: () => [read('d/x'), fs.statSync(at('d')).mode & 0o777, fs.statSync(at('d')).uid],
      value: ['new', 0o711, 5],
    },
    {
      name: 'replaces a file with a hard link',
      entries: [file('a'), file('b', 'old'), hardLink('b', 'a')],
      expected: () => read('b'),
      value: 'new',
    },
    {
      name: 'leaves a hard link to itself alone',
      entries: [file('a'), hardLink('b', 'a'), hardLink('a', 'b'), hardLink('a', 'a')],
      expected: () => read('a'),
      value: 'new',
    },
    {
      name: 'makes a directory anew that was replaced in between',
      entries: [dir('d'), file('d/x'), file('d'), dir('d'), file('d/y')],
      expected: () => fs.readdirSync(at('d')),
      value: ['y'],
    },
  ];
  for (const { name, entries, expected, value } of cases) {
    it(name, async () => {
      await unpack(entries);
      assert.deepEqual(expected(), value);
    });
  }
});

describe('metadata', () => {
  it('makes missing parents with mode 0755 for root, whatever the umask and a setgid parent', async () => {
    const umask = process.umask(0o077);
    try {
      await unpack([dir('mail', { mode: 0o2775, gid: 8 }), file('mail/a/b/x')]);
    } finally {
      process.umask(umask);
    }
    for (const name of ['mail/a', 'mail/a/b']) {
      const { mode, gid } = fs.statSync(at(name));
      assert.deepEqual([mode & 0o7777, gid], [0o755, 0]);
    }
    assert.equal(fs.statSync(at('mail/a/b/x')).mode & 0o7777, 0o644);
    assert.equal(fs.statSync(at('mail/a/b/x')).gid, 0);
  });

  it('sets the times of directories after everything in them', async () => {
    const modifiedAt = { seconds: 1_000, nanoseconds: 500_000_000 };
    await unpack([dir('./', { modifiedAt }), dir('d', { modifiedAt }), file('d/x'), file('y')]);
    assert.equal(fs.statSync(root).mtimeMs, 1_000_500);
    assert.equal(fs.statSync(at('d')).mtimeMs, 1_000_500);
  });

  it("drops overlayfs's own attributes and keeps others", async () => {
    const xattrs = new Map([
      ['trusted.overlay.redirect', Buffer.from('/secret')],
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['trusted.mine', Buffer.from('1')],
    ]);
    await unpack([dir('d', { xattrs }), file('f', '', { xattrs })]);
    for (const name of ['d', 'f']) {
      assert.equal(getXattr(at(name), 'trusted.overlay.redirect'), undefined);
      assert.equal(getXattr(at(name), 'trusted.overlay.opaque'), undefined);
      assert.equal(getXattr(at(name), 'trusted.mine')?.toString(), '1');
    }
  });
});

describe('a hard link', () => {
  // Version 2, cap_net_raw, permitted and effective.
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const ping = file('ping', '', {
    mode: 0o4755,
    uid: 7,
    gid: 8,
    xattrs: new Map([['security.capability', capability]]),
  });

  it("keeps the file's capabilities, which GNU tar tells with the first name only", async () => {
    await unpack([ping, { ...hardLink('ping6', 'ping'), mode: 0o4755, uid: 7, gid: 8 }]);
    assert.deepEqual(getXattr(at('ping6'), 'security.capability'), capability);
    assert.equal(fs.statSync(at('ping')).mode & 0o7777, 0o4755);
  });

  it('gives the file another owner when it says so', async () => {
    await unpack([ping, { ...hardLink('ping6', 'ping'), mode: 0o4755, uid: 9, gid: 8 }]);
    const { uid, gid, mode } = fs.statSync(at('ping'));
    assert.deepEqual([uid, gid, mode & 0o7777], [9, 8, 0o4755]);
  });
});

describe('attributes', () => {
  it('of users are left out where Linux keeps none', async () => {
    const xattrs = new Map([['user.x', Buffer.from('1')]]);
    await unpack([
      { ...symlink('l', 'f'), xattrs },
      { type: 'fifo', name: 'p', xattrs },
      file('f', '', { xattrs }),
    ]);
    assert.equal(getXattr(at('p'), 'user.x'), undefined);
    assert.equal(getXattr(at('f'), 'user.x')?.toString(), '1');
  });
});

describe('whiteouts', () => {
  it('become character devices 0/0', async () => {
    await unpack([dir('d'), file('d/.wh.gone'), file('other/.wh.gone')]);
    assert.ok(isWhiteout('d/gone'));
    assert.ok(isWhiteout('other/gone'));
    assert.deepEqual(fs.readdirSync(at('d')), ['gone']);
  });

  it('make directories opaque', async () => {
    await unpack([dir('d'), file('d/.wh..wh..opq'), file('d/x'), file('implied/.wh..wh..opq')]);
    assert.ok(isOpaque('d'));
    assert.ok(isOpaque('implied'));
    assert.deepEqual(fs.readdirSync(at('d')), ['x']);
  });

  it('of the root are reported', async () => {
    assert.equal((await unpack([file('.wh..wh..opq'), file('x')])).opaqueRoot, true);
    assert.equal((await unpack([file('x')])).opaqueRoot, false);
    assert.deepEqual(fs.readdirSync(root), ['x']);
  });

  for (const [name, entries] of [
    ['before', [file('.wh.d'), dir('d'), file('d/x')]],
    ['before, with the directory only implied', [file('.wh.d'), file('d/x')]],
    ['after', [dir('d'), file('d/x'), file('.wh.d')]],
  ] as const) {
    it(`hide only the layers below when the layer has a directory of that name: ${name}`, async () => {
      await unpack(entries);
      assert.equal(read('d/x'), 'new');
      assert.ok(isOpaque('d'));
    });
  }

  it('give way to a file of the same layer', async () => {
    await unpack([file('.wh.a'), file('a'), file('b'), file('.wh.b'), file('.wh.c'), file('.wh.c')]);
    assert.deepEqual([read('a'), read('b')], ['new', 'new']);
    assert.ok(isWhiteout('c'));
  });

  it("of aufs's book-keeping are left out", async () => {
    await unpack([file('.wh..wh.aufs'), dir('.wh..wh.plnk'), file('.wh..wh.plnk/1.2'), file('x')]);
    assert.deepEqual(fs.readdirSync(root), ['x']);
  });

  it('are ordinary names outside of layers', async () => {
    await unpack([file('.wh.a'), file('.wh..wh..opq')], 'literal');
    assert.deepEqual(fs.readdirSync(root).sort(), ['.wh..wh..opq', '.wh.a']);
  });
});

describe('descriptors', () => {
  it('are all closed, whether the archive was good or not', async () => {
    const count = (): number => fs.readdirSync('/proc/self/fd').length;
    await unpack([file('warm')]);
    const before = count();
    const many = Array.from({ length: 200 }, (_, i) => file(`d${i}/e/x`));
    await unpack([...many, file('d1/e'), symlink('d2', 'd3'), hardLink('d4/y', 'd5/e/x')]);
    for (const bad of [file('../x'), hardLink('x', 'nowhere'), file('d1/e/x'), file('n'.repeat(300))]) {
      await assert.rejects(unpack([...many, file('d1/e'), bad]));
    }
    assert.equal(count(), before);
  });
});
