import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChmod } from '#build/copy/chmod.ts';

/** Text, mode before, whether it is a directory, mode after; all octal. */
const cases: [string, number, boolean, number][] = [
  ['644', 0o777, false, 0o644],
  ['0755', 0o600, true, 0o755],
  ['4755', 0o600, false, 0o4755],
  ['0', 0o777, false, 0],
  ['u+x', 0o644, false, 0o744],
  ['+x', 0o644, false, 0o755],
  ['a-w', 0o666, false, 0o444],
  ['go=', 0o777, false, 0o700],
  ['u=rwX,go=rX', 0o600, false, 0o644],
  ['u=rwX,go=rX', 0o600, true, 0o755],
  ['u=rwX,go=rX', 0o700, false, 0o755],
  ['u+s,g+s,+t', 0o755, false, 0o7755],
  ['u-s', 0o4755, false, 0o755],
  ['u=rw', 0o4755, false, 0o655],
  ['g=u', 0o640, false, 0o660],
  ['o=g', 0o750, false, 0o755],
  ['u+r-w', 0o200, false, 0o400],
];
for (const [text, before, isDirectory, after] of cases) {
  test(`--chmod › ${text} of ${before.toString(8)}${isDirectory ? ' (directory)' : ''}`, () => {
    const change = parseChmod(text);
    assert.equal(change?.(before, isDirectory).toString(8), after.toString(8));
  });
}

for (const text of ['', '888', '77777', 'rwx', 'u', 'u+q', 'x+u', 'u+x,', '-0', '0o644']) {
  test(`--chmod › refused: ${JSON.stringify(text)}`, () => assert.equal(parseChmod(text), undefined));
}
