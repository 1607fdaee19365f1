import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveWorkers } from '#archive/workers.ts';
import type { BuildSession } from '#build/execute/session.ts';
import { unpackArchive } from '#build/execute/unpack-archive.ts';
import { inPieces, sparseBomb } from '#build/testing/context-fixture.ts';

test('an archive whose sparse files are larger than any disk is refused before they are written', async () => {
  const unpack: ArchiveWorkers['unpack'] = async (_directory, source) => {
    let length = 0;
    for await (const piece of source) length += piece.length;
    assert.fail(`${length} bytes were written`);
  };
  const session = { parts: { workers: { unpack } }, signal: new AbortController().signal };
  await assert.rejects(
    unpackArchive(session as Partial<BuildSession> as BuildSession, '/', 'to', inPieces(sparseBomb()), {}),
    { kind: 'ResourceExhausted' },
  );
});
