import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DetachKeyFilter, parseDetachKeys } from '#cli/terminal/detach-keys.ts';

test('key sequences', () => {
  assert.deepEqual([...parseDetachKeys('ctrl-p,ctrl-q')], [16, 17]);
  assert.deepEqual([...parseDetachKeys('ctrl-],x,CTRL-@')], [29, 120, 0]);
  for (const wrong of ['', 'ctrl-', 'ctrl-1', 'ab', 'a,,b', 'é'])
    assert.throws(() => parseDetachKeys(wrong), /detach keys/);
});

describe('typed keys', () => {
  const cases: [keys: string, typed: string[], passed: string, detached: boolean][] = [
    ['ctrl-p,ctrl-q', ['abc'], 'abc', false],
    ['ctrl-p,ctrl-q', ['a\x10\x11b'], 'a', true],
    ['ctrl-p,ctrl-q', ['a\x10', '\x11'], 'a', true],
    ['ctrl-p,ctrl-q', ['\x10', 'x'], '\x10x', false],
    ['ctrl-p,ctrl-q', ['\x10\x10', '\x11'], '\x10', true],
    ['a,a,b', ['aa', 'ab'], 'a', true],
    ['a,b,a,c', ['ababac'], 'ab', true],
    ['a,b,a,c', ['abab', 'x'], 'ababx', false],
    ['x', ['x'], '', true],
  ];
  for (const [keys, typed, passed, detached] of cases) {
    test(`${keys}: ${JSON.stringify(typed)}`, () => {
      const filter = new DetachKeyFilter(parseDetachKeys(keys));
      const results = typed.map((text) => filter.push(Buffer.from(text)));
      assert.equal(Buffer.concat(results.map(({ pass }) => pass)).toString(), passed);
      assert.equal(results.at(-1)?.detached, detached);
    });
  }
});
