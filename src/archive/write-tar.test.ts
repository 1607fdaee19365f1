import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { archiveOf, inChunks, type TestEntry } from '#archive/testing/archive-bytes.ts';

const entries: TestEntry[] = [
  { type: 'directory', name: 'd/', mode: 0o1777 },
  { type: 'file', name: 'd/f', content: 'hello', mode: 0o4755, uid: 1000, gid: 1000, userName: 'me' },
  { type: 'file', name: `${'p'.repeat(90)}/${'n'.repeat(90)}`, content: '' },
  { type: 'file', name: `d/${'é'.repeat(200)}`, content: 'x', modifiedAt: { seconds: 1, nanoseconds: 5 } },
  { type: 'file', name: 'old', content: '', modifiedAt: { seconds: -3, nanoseconds: 500_000_000 } },
  { type: 'file', name: 'owned', content: '', uid: 4_000_000_000, gid: 3_000_000 },
  { type: 'symlink', name: 'link', linkName: 't'.repeat(150) },
  { type: 'hard-link', name: 'same', linkName: 'd/f' },
  { type: 'character-device', name: 'null', deviceMajor: 1, deviceMinor: 3 },
  { type: 'fifo', name: 'pipe' },
  { type: 'file', name: 'attributes', content: '', xattrs: new Map([['user.x', Buffer.from([0, 1, 10])]]) },
];

describe('tarHeader', () => {
  it('writes what readTar reads', async () => {
    const read = await Array.fromAsync(readTar(inChunks(archiveOf(entries))));
    assert.equal(read.length, entries.length);
    for (const [i, { content: _, ...entry }] of entries.entries()) {
      const header = read[i]?.header;
      const got = Object.fromEntries(
        Object.keys(entry).map((key) => [key, header?.[key as keyof typeof header]]),
      );
      assert.deepEqual(got, entry);
    }
  });

  it('writes what GNU tar reads', () => {
    const listed = execFileSync('tar', ['-t', '--quoting-style=literal'], { input: archiveOf(entries) });
    assert.deepEqual(
      listed.toString().trimEnd().split('\n'),
      entries.map((entry) => entry.name),
    );
  });

  it('keeps names that are not UTF-8', async () => {
    const nameBytes = Buffer.from([0x66, 0xff, 0xfe]);
    const [entry] = await Array.fromAsync(
      readTar(inChunks(archiveOf([{ type: 'file', name: '', nameBytes, content: '' }]))),
    );
    assert.deepEqual(entry?.header.nameBytes, nameBytes);
  });
});
