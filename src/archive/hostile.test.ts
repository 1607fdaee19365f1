import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { inChunks } from '#archive/testing/archive-bytes.ts';
import { describeTree } from '#archive/testing/describe-tree.ts';
import { bombBytes, hostileArchives } from '#archive/testing/hostile-corpus.ts';
import { createArchiveWorkers } from '#archive/workers.ts';
import { kindOf } from '#errors/error.ts';

const workers = createArchiveWorkers({
  workerUrl: new URL('./archive-worker.ts', import.meta.url),
  count: 2,
});
after(() => workers[Symbol.asyncDispose]());
const never = new AbortController().signal;

/** What a refusal may be; anything else is a crash. */
const refusals = new Set(['InvalidParameter', 'ResourceExhausted']);

describe('a hostile archive', () => {
  it('is one of at least forty', () => {
    assert.ok(hostileArchives.length >= 40, `${hostileArchives.length}`);
    assert.equal(new Set(hostileArchives.map(({ name }) => name)).size, hostileArchives.length);
  });

  for (const { name, bytes, expected } of hostileArchives) {
    it(`is ${expected}: ${name}`, async () => {
      const top = fs.mkdtempSync('/tmp/hostile-');
      try {
        const [root, outside] = [path.join(top, 'layer/fs'), path.join(top, 'outside')];
        fs.mkdirSync(root, { recursive: true });
        fs.mkdirSync(outside, { mode: 0o700 });
        fs.writeFileSync(path.join(outside, 'secret'), 'secret', { mode: 0o600 });
        const before = describeTree(outside);
        const archive = bytes(outside);
        const record = { file: `${top}/layer/record`, movedDirectory: `${top}/layer/moved` };
        let sha256: string | undefined;
        try {
          const options = { whiteouts: 'overlay' as const, record, maxBytes: bombBytes - 1, signal: never };
          ({ sha256 } = await workers.unpack(root, inChunks(archive), options));
        } catch (error) {
          assert.ok(refusals.has(kindOf(error)), String(error));
        }
        assert.equal(sha256 === undefined ? 'refused' : 'contained', expected);
        assert.deepEqual(describeTree(outside), before);
        assert.deepEqual(fs.readdirSync(top).sort(), ['layer', 'outside']);
        if (sha256 !== undefined) {
          const source = { directory: root, ...record };
          for await (const _piece of workers.assemble(source, sha256, never));
        }
        await workers.removeTree(path.join(top, 'layer'));
        assert.deepEqual(fs.readdirSync(top), ['outside']);
      } finally {
        fs.rmSync(top, { recursive: true, force: true });
      }
    });
  }
});
