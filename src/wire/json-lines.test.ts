import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJsonLines, encodeJsonLine, JsonLineDecoder } from '#wire/json-lines.ts';

const values = [{ status: 'Größe' }, { id: 'a', n: 1 }, 'x'];
const bytes = Buffer.from(values.map(encodeJsonLine).join(''));

test('lines cut at every byte decode to the same values', () => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    const decoder = new JsonLineDecoder();
    const seen = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
    assert.deepEqual([...seen, ...decoder.finish()], values, `cut at ${cut}`);
  }
});

test('a last line without newline, CRLF, blank lines and record separators are read', async () => {
  async function* source() {
    yield Buffer.from('{"a":1}\r\n\n\x1e{"b":2}\n{"c":3}');
  }
  assert.deepEqual(await Array.fromAsync(decodeJsonLines(source())), [{ a: 1 }, { b: 2 }, { c: 3 }]);
});

test('a broken line and an endless line are refused', () => {
  assert.throws(() => new JsonLineDecoder().push(Buffer.from('{"a":\n')), SyntaxError);
  const decoder = new JsonLineDecoder();
  assert.throws(() => {
    for (let i = 0; i < 5; i++) decoder.push(Buffer.alloc(1024 * 1024, 'x'));
  }, RangeError);
});
