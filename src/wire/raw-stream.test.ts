import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, encodeFrameHeader, RawStreamDecoder } from '#wire/raw-stream.ts';

const frames = Buffer.concat([
  encodeFrame('stdout', Buffer.from('hello')),
  encodeFrame('stderr', Buffer.from('')),
  encodeFrame('stderr', Buffer.from('oops\n')),
]);

test('a frame is type, three zeros, big-endian length, payload', () => {
  assert.equal(encodeFrame('stderr', Buffer.from('ab')).toString('hex'), '02000000000000026162');
  assert.equal(encodeFrameHeader('stdout', 258).toString('hex'), '0100000000000102');
});

test('frames cut at every position decode to the same text', () => {
  for (let cut = 0; cut <= frames.length; cut++) {
    const decoder = new RawStreamDecoder();
    const text = { stdin: '', stdout: '', stderr: '', systemerr: '' };
    for (const part of [frames.subarray(0, cut), frames.subarray(cut)]) {
      for (const piece of decoder.push(part)) text[piece.stream] += Buffer.from(piece.bytes).toString();
    }
    assert.deepEqual(text, { stdin: '', stdout: 'hello', stderr: 'oops\n', systemerr: '' }, `cut at ${cut}`);
    assert.equal(decoder.atBoundary, true);
  }
});

test('an end inside a header or payload is visible', () => {
  for (const length of [1, 7, 8, 12]) {
    const decoder = new RawStreamDecoder();
    decoder.push(frames.subarray(0, length));
    assert.equal(decoder.atBoundary, false, `${length} bytes`);
  }
});

test('bytes that are no header are refused', () => {
  for (const hex of ['0900000000000001', '01000000ffffffff']) {
    assert.throws(() => new RawStreamDecoder().push(Buffer.from(hex, 'hex')), RangeError, hex);
  }
});
