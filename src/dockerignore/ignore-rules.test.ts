import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIgnoreRules, parseIgnoreFile } from '#dockerignore/ignore-rules.ts';

function rulesOf(text: string) {
  return createIgnoreRules(parseIgnoreFile('.dockerignore', Buffer.from(text)));
}

/** Pattern file, paths that are kept out, paths that stay in. */
const cases: [string, string[], string[]][] = [
  ['a', ['a', 'a/b', 'a/b/c'], ['b', 'b/a', 'aa']],
  ['/a', ['a', 'a/b'], ['b/a']],
  ['a/', ['a', 'a/b'], ['ab']],
  ['./a//b/', ['a/b', 'a/b/c'], ['a', 'b']],
  ['a/../b', ['b'], ['a', 'a/b']],
  ['*.md', ['x.md', '.md'], ['d/x.md', 'x.mdx']],
  ['*/*.md', ['d/x.md'], ['x.md', 'd/e/x.md']],
  ['**/*.md', ['x.md', 'd/x.md', 'd/e/x.md'], ['x.mdx']],
  [
    '**/node_modules',
    ['node_modules', 'a/node_modules', 'a/node_modules/b/c'],
    ['xnode_modules', 'node_modulesx'],
  ],
  ['**.log', ['a.log', 'd/a.log', '.log', 'a.log/b'], ['a.logs']],
  ['**b/.a', ['b/.a', 'ab/.a', 'x/ab/.a'], ['b/a', 'b/.a.b']],
  ['**b?', ['bc', 'a/bc'], ['abc', 'b']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'b']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a/x/b/z'], ['a/xb', 'ab']],
  ['**', ['a', 'a/b', '.x'], []],
  ['*', ['a', 'a/b'], []],
  ['temp?', ['temp1', 'tempa/x'], ['temp', 'temp12', 'temp/']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
  ['[^a-c]x', ['dx'], ['ax']],
  ['a\\*b', ['a*b'], ['axb']],
  ['*\n!keep', ['a'], ['keep', 'keep/x']],
  ['a\n!a/b', ['a', 'a/c'], ['a/b', 'a/b/c']],
  ['!a/b\na', ['a/b'], []],
  // Nothing of `a` was out when its own rule was looked at, so that it does not count below.
  ['?/**\n!a', ['a/b', 'a/b/c'], ['a']],
  ['*.md\n!README*.md\nREADME-secret.md', ['x.md', 'README-secret.md'], ['README.md', 'README-x.md']],
  ['# a\n #b', ['#b'], ['a', '# a']],
  ['\ufeffa', ['a'], []],
  ['a\r\nb\r\n', ['a', 'b'], []],
  ['  a  ', ['a'], []],
  ['! a\n', [], ['a']],
  ['a.b+(c)|{d}$', ['a.b+(c)|{d}$'], ['aXb+(c)|{d}$']],
  ['über', ['über'], ['uber']],
];
for (const [text, out, kept] of cases) {
  test(`ignore rules › ${JSON.stringify(text)}`, () => {
    const rules = rulesOf(text);
    for (const path of out) assert.equal(rules.excludes(path), true, `${path} should be out`);
    for (const path of kept) assert.equal(rules.excludes(path), false, `${path} should stay`);
  });
}

for (const text of ['!', '[', '[]', '[a', 'a\\', '[a-]']) {
  test(`ignore rules › refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => rulesOf(text), { kind: 'InvalidParameter', message: /malformed pattern/ });
  });
}

test('ignore rules › a walk skips what is out for good, and enters where something may come back', () => {
  const rules = rulesOf('a\nb\nc\n!a/x\n!**/y/z');
  assert.equal(rulesOf('a').skipsDirectory('a'), true);
  assert.equal(rules.skipsDirectory('a'), false);
  assert.equal(rules.skipsDirectory('b'), false, 'a pattern that begins with ** may match anywhere');
  assert.equal(rulesOf('a\nb\n!a/x').skipsDirectory('b'), true);
  assert.equal(rules.skipsDirectory('d'), false);
});

test('ignore rules › a pattern of many stars over a long path takes no exponential time', () => {
  const rules = rulesOf(`${'**/a/'.repeat(40)}b`);
  assert.equal(rules.excludes(`${'a/'.repeat(1000)}c`), false);
  assert.equal(rulesOf(`${'*a'.repeat(60)}b`).excludes('a'.repeat(2000)), false);
});
