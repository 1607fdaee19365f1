import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetachKeyFilter, parseDetachKeys } from '#wire/detach-keys.ts';

test('keys are single characters, DEL and control characters', () => {
  const cases: [string, number[]][] = [
    ['', [16, 17]],
    ['ctrl-a,d', [1, 100]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-_', [0, 27, 28, 31]],
    ['q,DEL', [113, 127]],
  ];
  for (const [text, keys] of cases) assert.deepEqual([...parseDetachKeys(text)], keys, text);
  for (const text of ['ctrl-', 'ctrl-1', 'ctrl-A', 'ab', 'a,,b', 'é', 'del']) {
    assert.throws(() => parseDetachKeys(text), /Invalid escape keys/, text);
  }
});

/** The filter's outcome when the input arrives in these pieces. */
function run(keys: string, pieces: string[]): { passed: string; detached: boolean } {
  const filter = new DetachKeyFilter(Buffer.from(keys));
  let passed = '';
  for (const piece of pieces) {
    const { pass, detached } = filter.push(Buffer.from(piece));
    passed += Buffer.from(pass).toString();
    if (detached) return { passed, detached };
  }
  return { passed: passed + Buffer.from(filter.finish()).toString(), detached: false };
}

test('the sequence detaches, and everything else is passed on, however it is cut', () => {
  const cases: [string, string, string, boolean][] = [
    ['pq', 'hello', 'hello', false],
    ['pq', 'hepq', 'he', true],
    ['pq', 'pqx', '', true],
    ['pq', 'ppq', 'ppq', false],
    ['pq', 'pppq', 'pp', true],
    ['pq', 'pxpq', 'px', true],
    ['pq', 'xp', 'xp', false],
    ['abc', 'ababc', 'ababc', false],
    ['q', 'xq', 'x', true],
  ];
  for (const [keys, input, passed, detached] of cases) {
    for (let cut = 0; cut <= input.length; cut++) {
      const outcome = run(keys, [input.slice(0, cut), input.slice(cut)]);
      assert.deepEqual(outcome, { passed, detached }, `${keys} in ${input} cut at ${cut}`);
    }
  }
});
