import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { decompress } from '#archive/decompress.ts';
import { readTar, type TarHeader } from '#archive/read-tar.ts';
import { archiveOf, entryBytes, inChunks, pax, rawHeader, special } from '#archive/testing/archive-bytes.ts';
import { tarTrailer } from '#archive/write-tar.ts';

interface Read {
  header: TarHeader;
  content: Buffer;
}

async function readAll(bytes: Uint8Array, chunkSize?: number): Promise<Read[]> {
  const result: Read[] = [];
  for await (const { header, body } of readTar(decompress(inChunks(bytes, chunkSize)))) {
    result.push({ header, content: Buffer.concat(await Array.fromAsync(body)) });
  }
  return result;
}

function makeTree(directory: string): void {
  const write = (name: string, content: string | Buffer): void => {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), content);
  };
  write('plain', 'hello');
  write('sub/empty', '');
  write('sub/big', Buffer.alloc(70_000, 'x'));
  fs.symlinkSync('sub/big', path.join(directory, 'link'));
  fs.linkSync(path.join(directory, 'plain'), path.join(directory, 'sub/same'));
}

describe('readTar', () => {
  for (const format of ['v7', 'ustar', 'gnu', 'oldgnu', 'pax']) {
    it(`reads what GNU tar writes as ${format}`, async () => {
      const directory = fs.mkdtempSync('/tmp/archive-read-');
      try {
        makeTree(directory);
        const bytes = execFileSync('tar', [`--format=${format}`, '--sort=name', '-C', directory, '-c', '.']);
        const entries = await readAll(bytes, 1000);
        assert.deepEqual(
          entries.map(({ header, content }) => [header.name, header.type, header.linkName, content.length]),
          [
            ['./', 'directory', '', 0],
            ['./link', 'symlink', 'sub/big', 0],
            ['./plain', 'file', '', 5],
            ['./sub/', 'directory', '', 0],
            ['./sub/big', 'file', '', 70_000],
            ['./sub/empty', 'file', '', 0],
            ['./sub/same', 'hard-link', './plain', 0],
          ],
        );
        const { mtimeMs } = fs.statSync(path.join(directory, 'plain'));
        assert.equal(entries[2]?.header.modifiedAt.seconds, Math.floor(mtimeMs / 1000));
      } finally {
        fs.rmSync(directory, { recursive: true });
      }
    });
  }

  for (const format of ['gnu', 'pax']) {
    it(`reads long names that GNU tar writes as ${format}`, async () => {
      const directory = fs.mkdtempSync('/tmp/archive-read-');
      try {
        const name = `${'d'.repeat(200)}/${'f'.repeat(250)}`;
        fs.mkdirSync(path.join(directory, path.dirname(name)));
        fs.writeFileSync(path.join(directory, name), 'x');
        fs.symlinkSync('t'.repeat(300), path.join(directory, 'link'));
        const bytes = execFileSync('tar', [`--format=${format}`, '-C', directory, '-c', name, 'link']);
        const entries = await readAll(bytes);
        assert.deepEqual(
          entries.map(({ header }) => [header.name, header.linkName]),
          [
            [name, ''],
            ['link', 't'.repeat(300)],
          ],
        );
      } finally {
        fs.rmSync(directory, { recursive: true });
      }
    });
  }

  for (const options of [
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.0'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ]) {
    it(`reads sparse files that GNU tar writes with ${options.join(' ')}`, async () => {
      const directory = fs.mkdtempSync('/tmp/archive-read-');
      try {
        const file = path.join(directory, 'sparse');
        const fd = fs.openSync(file, 'w');
        // More segments than one extension header or one map block holds.
        for (let i = 1; i <= 120; i++) fs.writeSync(fd, `part ${i}`, i * 16_384);
        fs.ftruncateSync(fd, 3_000_000);
        fs.closeSync(fd);
        fs.writeFileSync(path.join(directory, 'z'), 'after');
        const bytes = execFileSync('tar', ['--sparse', ...options, '-C', directory, '-c', 'sparse', 'z'], {
          maxBuffer: 1 << 26,
        });
        const [sparse, after] = await readAll(bytes, 700);
        assert.equal(sparse?.header.name, 'sparse');
        assert.ok((sparse?.header.sparse?.length ?? 0) >= 120);
        assert.ok(sparse?.content.equals(fs.readFileSync(file)));
        assert.equal(after?.content.toString(), 'after');
      } finally {
        fs.rmSync(directory, { recursive: true });
      }
    });
  }

  it('reads the same whatever the chunks', async () => {
    const bytes = archiveOf([
      { type: 'directory', name: 'd/', mode: 0o755 },
      { type: 'file', name: 'd/ä', content: 'x'.repeat(1500), modifiedAt: { seconds: 5, nanoseconds: 7 } },
      { type: 'file', name: 'e', content: '' },
    ]);
    const whole = await readAll(bytes);
    assert.equal(whole.length, 3);
    for (const size of [1, 3, 511, 512, 513])
      assert.deepEqual(await readAll(bytes, size), whole, `chunks of ${size}`);
  });

  it('skips content that nobody reads', async () => {
    const bytes = archiveOf([
      { type: 'file', name: 'a', content: 'x'.repeat(100_000) },
      { type: 'file', name: 'b', content: 'y' },
    ]);
    const names: string[] = [];
    for await (const { header, body } of readTar(inChunks(bytes, 1000))) {
      names.push(header.name);
      for await (const chunk of body) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    assert.deepEqual(names, ['a', 'b']);
  });

  it('closes the source when the reader leaves early', async () => {
    let closed = false;
    async function* source() {
      try {
        yield entryBytes({ type: 'file', name: 'a', content: 'x' });
        yield entryBytes({ type: 'file', name: 'b', content: 'x' });
      } finally {
        closed = true;
      }
    }
    for await (const { header } of readTar(source())) {
      assert.equal(header.name, 'a');
      break;
    }
    assert.ok(closed);
  });

  describe('metadata', () => {
    const file = rawHeader({});
    const archive = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, tarTrailer()]);
    const huge = Buffer.alloc(8);
    huge.writeUInt32BE(3_000_000_000, 4);
    huge[0] = 0x80;
    const before1970 = Buffer.alloc(12, 0xff);

    const cases: { name: string; bytes: Buffer; expected: Partial<TarHeader> }[] = [
      {
        name: 'a base-256 owner',
        bytes: archive(rawHeader({ 108: huge })),
        expected: { uid: 3_000_000_000 },
      },
      {
        name: 'a negative base-256 time',
        bytes: archive(rawHeader({ 136: before1970 })),
        expected: { modifiedAt: { seconds: -1, nanoseconds: 0 } },
      },
      {
        name: 'a PAX time with nanoseconds',
        bytes: archive(special('x', pax({ mtime: '12.3456789019' })), file),
        expected: { modifiedAt: { seconds: 12, nanoseconds: 345_678_901 } },
      },
      {
        name: 'a PAX time before 1970',
        bytes: archive(special('x', pax({ mtime: '-1.25' })), file),
        expected: { modifiedAt: { seconds: -2, nanoseconds: 750_000_000 } },
      },
      {
        name: 'PAX attributes with any bytes',
        bytes: archive(special('x', pax({ 'SCHILY.xattr.user.a': Buffer.from([0, 10, 255]) })), file),
        expected: { xattrs: new Map([['user.a', Buffer.from([0, 10, 255])]]) },
      },
      {
        name: 'global PAX records',
        bytes: archive(special('g', pax({ uid: '77' })), file),
        expected: { uid: 77, name: 'raw' },
      },
      {
        name: 'a PAX record that takes a global one back',
        bytes: archive(special('g', pax({ uid: '77' })), special('x', pax({ uid: '' })), file),
        expected: { uid: 0 },
      },
      {
        name: 'a PAX name before a GNU long name',
        bytes: archive(special('L', Buffer.from('gnu\0')), special('x', pax({ path: 'pax' })), file),
        expected: { name: 'pax' },
      },
      {
        name: 'a volume label as nothing',
        bytes: archive(rawHeader({ 156: 'V' }), file),
        expected: { name: 'raw' },
      },
      {
        name: 'an old file with a slash at its end as a directory',
        bytes: archive(rawHeader({ 0: 'old/\0', 156: '\0' })),
        expected: { type: 'directory' },
      },
    ];
    for (const { name, bytes, expected } of cases) {
      it(`reads ${name}`, async () => {
        const [entry] = await readAll(bytes, 512);
        assert.ok(entry);
        const got = Object.fromEntries(
          Object.keys(expected).map((key) => [key, entry.header[key as keyof TarHeader]]),
        );
        assert.deepEqual(got, expected);
      });
    }
  });

  it('ends without a trailer, and takes no input for an empty archive', async () => {
    assert.equal((await readAll(entryBytes({ type: 'file', name: 'a', content: 'x' }))).length, 1);
    assert.deepEqual(await readAll(Buffer.alloc(0)), []);
    assert.deepEqual(await readAll(Buffer.alloc(512)), []);
  });
});

describe('readTar accepts', () => {
  it('an archive that ends right after the last content, as `docker build -f -` sends it', async () => {
    const whole = entryBytes({ type: 'file', name: 'a', content: 'x'.repeat(600) });
    for (const chunkSize of [100, 10_000]) {
      const [entry, ...more] = await readAll(whole.subarray(0, 512 + 600), chunkSize);
      assert.equal(entry?.content.length, 600);
      assert.equal(more.length, 0);
    }
  });
});

describe('readTar refuses', () => {
  const good = entryBytes({ type: 'file', name: 'a', content: 'x'.repeat(600) });
  const damaged = Buffer.from(good);
  damaged[3] = 1;
  const sparse = (records: Record<string, string>): Buffer =>
    Buffer.concat([special('x', pax(records)), rawHeader({})]);
  const oversized = rawHeader({ 124: '77777777777\0', 156: 'x' });
  const far = Buffer.alloc(12, 0xff);
  far[0] = 0x80;

  const cases: [string, Buffer, RegExp][] = [
    ['text', Buffer.from('this is no archive\n'.repeat(100)), /not a tar archive/],
    ['a wrong checksum', damaged, /checksum/],
    ['a cut header', good.subarray(0, 300), /ends in the middle/],
    ['cut content', good.subarray(0, 1000), /ends in the middle/],
    ['cut padding', good.subarray(0, good.length - 10), /ends in the middle/],
    ['a PAX header without its entry', special('x', pax({ path: 'a' })), /ends in the middle/],
    ['a zero block between entries', Buffer.concat([Buffer.alloc(512), good]), /zero block/],
    ['a huge PAX header', oversized, /the most is/],
    ['a size out of range', rawHeader({ 124: far }), /out of range/],
    ['a negative size', rawHeader({ 124: Buffer.alloc(12, 0xff) }), /negative/],
    [
      'an owner out of range',
      Buffer.concat([special('x', pax({ uid: '4294967295' })), rawHeader({})]),
      /owner/,
    ],
    ['an unknown type', rawHeader({ 156: '?' }), /unknown type/],
    ['a link without a target', rawHeader({ 156: '2' }), /no target/],
    ['a NUL in a PAX name', Buffer.concat([special('x', pax({ path: 'a\0b' })), rawHeader({})]), /NUL/],
    [
      'a name that is too long',
      Buffer.concat([special('x', pax({ path: 'a'.repeat(5000) })), rawHeader({})]),
      /4095/,
    ],
    ['a PAX record that is too long', special('x', Buffer.from('99 path=a\n')), /wrong length/],
    ['a PAX record that is too short', special('x', Buffer.from('3 path=a\n')), /wrong length/],
    ['a PAX record of length zero', special('x', Buffer.from('0 path=a\n')), /wrong length/],
    ['a PAX record without key', special('x', Buffer.from('5 =a\n')), /no key/],
    [
      'a PAX size that is no number',
      Buffer.concat([special('x', pax({ size: '1e3' })), rawHeader({})]),
      /not a number/,
    ],
    [
      'a sparse map that overlaps',
      sparse({ 'GNU.sparse.map': '0,4,2,4', 'GNU.sparse.size': '9' }),
      /overlaps/,
    ],
    ['a sparse map beyond the file', sparse({ 'GNU.sparse.map': '8,4', 'GNU.sparse.size': '9' }), /overlaps/],
    [
      'a sparse map without its data',
      sparse({ 'GNU.sparse.map': '0,4', 'GNU.sparse.size': '9' }),
      /does not match/,
    ],
    ['an odd sparse map', sparse({ 'GNU.sparse.map': '0', 'GNU.sparse.size': '9' }), /odd/],
    ['a sparse file without a size', sparse({ 'GNU.sparse.map': '0,0' }), /lacks/],
    ['a sparse map of unknown version', sparse({ 'GNU.sparse.major': '9' }), /not known/],
    [
      'a sparse map that is cut off',
      Buffer.concat([
        special('x', pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' })),
        rawHeader({ 124: '00000001000\0' }),
        Buffer.from('100\n1\n'.padEnd(512, '\n0')),
      ]),
      /cut off|not a number/,
    ],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, async () => {
      await assert.rejects(readAll(bytes), { kind: 'InvalidParameter', message });
    });
  }
});
