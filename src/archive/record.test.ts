import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import {
  archiveOf,
  entryBytes,
  inChunks,
  pax,
  rawHeader,
  special,
  type TestEntry,
} from '#archive/testing/archive-bytes.ts';
import { createArchiveWorkers } from '#archive/workers.ts';
import { tarPadding } from '#archive/write-tar.ts';

const workers = createArchiveWorkers({
  workerUrl: new URL('./archive-worker.ts', import.meta.url),
  count: 2,
});
after(() => workers[Symbol.asyncDispose]());
const never = new AbortController().signal;

/** A place to unpack into, removed at the end. */
function makePlace(): Disposable & { source: { directory: string; file: string; movedDirectory: string } } {
  const top = fs.mkdtempSync('/tmp/record-test-');
  const directory = path.join(top, 'fs');
  fs.mkdirSync(directory);
  return {
    source: { directory, file: path.join(top, 'record'), movedDirectory: path.join(top, 'moved') },
    [Symbol.dispose]: () => fs.rmSync(top, { recursive: true }),
  };
}

async function unpack(bytes: Buffer, { source }: ReturnType<typeof makePlace>, size?: number) {
  const { directory, ...record } = source;
  const options = { whiteouts: 'overlay' as const, record, signal: never };
  return workers.unpack(directory, inChunks(bytes, size), options);
}

async function assemble({ source }: ReturnType<typeof makePlace>, sha256: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of workers.assemble(source, sha256, never)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function rawFile(content: Buffer, fields: Record<number, string>): Buffer {
  const size = content.length.toString(8).padStart(11, '0');
  return Buffer.concat([rawHeader({ 124: `${size}\0`, ...fields }), content, tarPadding(content.length)]);
}

const big = randomBytes(700_001);
const file = (name: string, content: string | Buffer): TestEntry => ({ type: 'file', name, content });
const end = Buffer.alloc(1024);

const archives: Record<string, Buffer> = {
  'no entry': archiveOf([]),
  'files, an empty one too': archiveOf([file('a', 'hello'), file('b/c/d', big), file('empty', '')]),
  'links, devices and a fifo': archiveOf([
    file('a', 'x'),
    { type: 'hard-link', name: 'b', linkName: 'a' },
    { type: 'symlink', name: 's', linkName: 'a' },
    { type: 'character-device', name: 'null', deviceMajor: 1, deviceMinor: 3 },
    { type: 'fifo', name: 'p' },
  ]),
  'a file twice': archiveOf([file('a', 'first'), file('a', 'second'), file('a', 'third, longer')]),
  'a directory replaced by a file': archiveOf([
    file('d/e/f', 'below'),
    file('d/e/g', 'beside'),
    { type: 'hard-link', name: 'kept', linkName: 'd/e/f' },
    file('d', 'now a file'),
    file('z', 'z'),
  ]),
  'a directory replaced twice': archiveOf([
    file('d/f', 'one'),
    file('d', 'two'),
    { type: 'directory', name: 'd' },
    file('d/f', 'three'),
    file('d/f', 'four'),
    file('d', 'five'),
  ]),
  'a file replaced by a link': archiveOf([file('a', 'first'), { type: 'symlink', name: 'a', linkName: 'b' }]),
  'files below a symlink that is replaced': archiveOf([
    { type: 'directory', name: 'real' },
    { type: 'symlink', name: 'way', linkName: 'real' },
    file('way/f', 'through the link'),
    { type: 'directory', name: 'way' },
    file('way/f', 'in the directory'),
  ]),
  'a whiteout with content': archiveOf([file('.wh.a', 'nobody wants this'), file('b', 'b')]),
  'names that are not UTF-8': archiveOf([
    { type: 'file', name: '', nameBytes: Buffer.from([0x64, 0xff, 0x2f, 0xfe]), content: 'bytes' },
  ]),
  'a long name and an unknown PAX record': Buffer.concat([
    special('x', pax({ path: 'p'.repeat(200), 'VENDOR.note': 'x'.repeat(900) })),
    rawFile(Buffer.from('content'), {}),
    end,
  ]),
  'noise in the padding and after the end': Buffer.concat([
    rawHeader({ 0: 'odd', 124: '00000000003\0' }),
    Buffer.from('abc'),
    Buffer.alloc(509, 'noise'),
    end,
    randomBytes(5000),
  ]),
  'no end': rawFile(Buffer.from('x'), { 0: 'a' }),
  'a very deep path': archiveOf([
    file(['d'.repeat(250)].concat(Array(14).fill('e'.repeat(250)), 'f').join('/'), 'deep'),
  ]),
};

describe('an archive that was unpacked with a record', () => {
  for (const [name, bytes] of Object.entries(archives)) {
    for (const size of [65_536, 777]) {
      it(`is put together again: ${name} (chunks of ${size})`, async () => {
        using place = makePlace();
        const { sha256, archiveBytes } = await unpack(bytes, place, size);
        assert.equal(archiveBytes, bytes.length);
        assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'));
        assert.ok((await assemble(place, sha256)).equals(bytes));
      });
    }
  }

  for (const format of ['gnu', 'posix', 'ustar', 'v7']) {
    it(`is put together again when GNU tar wrote it as ${format}, with a sparse file`, async () => {
      using place = makePlace();
      using made = makePlace();
      const { directory } = made.source;
      fs.writeFileSync(`${directory}/small`, 'small');
      fs.mkdirSync(`${directory}/d`);
      const sparse = fs.openSync(`${directory}/d/sparse`, 'w');
      fs.writeSync(sparse, 'begin', 0);
      fs.writeSync(sparse, 'middle', 1_000_000);
      fs.ftruncateSync(sparse, 3_000_000);
      fs.closeSync(sparse);
      const options = format === 'gnu' || format === 'posix' ? ['--sparse'] : [];
      const bytes = execFileSync('tar', ['-C', directory, `--format=${format}`, ...options, '-c', '.'], {
        maxBuffer: 1 << 26,
      });
      const { sha256 } = await unpack(bytes, place);
      assert.ok((await assemble(place, sha256)).equals(bytes));
    });
  }

  it('is small: content is in the files only', async () => {
    using place = makePlace();
    const bytes = archiveOf(Array.from({ length: 1000 }, (_, i) => file(`d/${i}`, randomBytes(2000))));
    await unpack(bytes, place);
    assert.ok(fs.statSync(place.source.file).size < 40_000);
  });

  for (const [damage, change] of Object.entries<(source: { directory: string; file: string }) => void>({
    'a changed file': ({ directory }) => fs.writeFileSync(`${directory}/a`, 'HELLO'),
    'a shorter file': ({ directory }) => fs.truncateSync(`${directory}/a`, 3),
    'a missing file': ({ directory }) => fs.rmSync(`${directory}/a`),
    'a cut record': (source) => fs.truncateSync(source.file, fs.statSync(source.file).size - 1),
    'a record of noise': (source) => fs.writeFileSync(source.file, randomBytes(300)),
  })) {
    it(`is not given out with ${damage}`, async () => {
      using place = makePlace();
      const { sha256 } = await unpack(archiveOf([file('a', 'hello'), file('b', 'b')]), place);
      change(place.source);
      await assert.rejects(assemble(place, sha256), { kind: 'DataLoss' });
    });
  }

  it('can be left in the middle', async () => {
    using place = makePlace();
    const { sha256 } = await unpack(archiveOf([file('a', randomBytes(5_000_000))]), place);
    for await (const piece of workers.assemble(place.source, sha256, never)) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.equal((await assemble(place, sha256)).length, 5_000_000 - (5_000_000 % 512) + 512 + 512 + 1024);
  });
});

describe('a layer of 100,000 files', () => {
  it('is unpacked whole, and the thread that asked is free meanwhile', async () => {
    using place = makePlace();
    const count = 100_000;
    async function* archive(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < count; i += 1000) {
        const entries = Array.from({ length: 1000 }, (_, j) =>
          file(`d${(i + j) % 100}/f${i + j}`, `${i + j}`),
        );
        yield Buffer.concat(entries.map(entryBytes));
      }
      yield end;
    }
    let turns = 0;
    const counting = setInterval(() => turns++, 1).unref();
    const { directory, ...record } = place.source;
    const options = { whiteouts: 'overlay' as const, record, signal: never };
    const { sha256, archiveBytes } = await workers.unpack(directory, archive(), options);
    clearInterval(counting);
    assert.ok(turns > 100, `${turns} turns`);
    assert.equal(fs.readdirSync(directory).length, 100);
    assert.equal(fs.readdirSync(directory, { recursive: true }).length, count + 100);
    assert.equal(fs.readFileSync(`${directory}/d99/f99999`, 'utf8'), '99999');
    assert.equal((await assemble(place, sha256)).length, archiveBytes);
    await workers.removeTree(directory);
  });
});
