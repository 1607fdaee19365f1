// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '#build/expand/budget.ts';
import { expandHeredoc, expandWord, expandWords } from '#build/expand/expand.ts';

const values: Record<string, string> = {
  file: 'archive.tar.gz',
  path: '/usr/local/lib',
  blanks: ' a  b ',
  empty: '',
  stars: 'a*b?c',
  emoji: '👍x👍',
};
const options = { escapeMark: '\\', lookup: (name: string) => values[name], budget: createBudget() } as const;

const words: [string, string][] = [
  ['plain', 'plain'],
  ['$file', 'archive.tar.gz'],
  ['${file}', 'archive.tar.gz'],
  ['x${file}x$path', 'xarchive.tar.gzx/usr/local/lib'],
  ['$nothing', ''],
  ['$', '$'],
  ['$ $-$.', '$ $.'],
  ['"$file" \'$file\'', 'archive.tar.gz $file'],
  ['"a\\"b\\$c\\d"', 'a"b$c\\d'],
  ['\\$file\\"\\\\', '$file"\\'],
  ['${nothing-d}${empty-d}', 'd'],
  ['${nothing:-d}${empty:-e}${file:-f}', 'dearchive.tar.gz'],
  ['${nothing+a}${empty+b}${file+c}', 'bc'],
  ['${nothing:+a}${empty:+b}${file:+c}', 'c'],
  ['${nothing:-${nothing:-"deep $file"}}', 'deep archive.tar.gz'],
  ['${file:?x}${empty?x}', 'archive.tar.gz'],
  ['${file#*.}|${file##*.}|${file%.*}|${file%%.*}', 'tar.gz|gz|archive.tar|archive'],
  ['${path#/}|${path##*/}|${path%/*}|${path#x}', 'usr/local/lib|lib|/usr/local|/usr/local/lib'],
  ['${file#archive?}', 'tar.gz'],
  ['${path/\\/usr/X}|${path//\\//:}', 'X/local/lib|:usr:local:lib'],
  ['${file/a*r/X}|${file//r/}', 'X.gz|achive.ta.gz'],
  ['${stars#a\\*}|${stars/\\?/Q}', 'b?c|a*bQc'],
  ['${emoji#?}|${emoji%?}', 'x👍|👍x'],
];
for (const [word, expected] of words) {
  test(`expansion › ${word}`, () => assert.equal(expandWord(word, options), expected));
}

for (const [word, message] of [
  ['${file', /} is missing/],
  ['${', /} is missing/],
  ['${}', /name of a variable/],
  ['${:x}', /name of a variable/],
  ['${file!}', /"!" after "\$\{file" is no operator/],
  ['${file:#x}', /":#" after/],
  ['${file/x}', /\/ is missing/],
  ['${nothing:?give it a value}', /^nothing: give it a value$/],
  ['${nothing?}', /must be set/],
  ['${empty:?}', /must not be empty/],
  ["'open", /closing ' is missing/],
  ['"open', /closing " is missing/],
  ['${a:-'.repeat(100), /nested too deeply/],
] as const) {
  test(`expansion › refused: ${word.slice(0, 40)}`, () => {
    assert.throws(() => expandWord(word, options), { kind: 'InvalidParameter', message });
  });
}

test('expansion › blanks part words unless they are quoted', () => {
  assert.deepEqual(expandWords('1$blanks"2 3" \'\' 4', options), ['1', 'a', 'b', '2 3', '', '4']);
  assert.deepEqual(expandWords('"$blanks"', options), [' a  b ']);
  assert.deepEqual(expandWords('$nothing', options), []);
});

test('expansion › in a heredoc quotes are text', () => {
  assert.equal(
    expandHeredoc('"$file" \'$path\' \\$file\n', options),
    '"archive.tar.gz" \'/usr/local/lib\' $file\n',
  );
});

test('expansion › tells of variables without a value, unless the word has one for them', () => {
  const told: string[] = [];
  const onUnset = (name: string): void => void told.push(name);
  expandWord('$a ${b} ${c-x} ${d:+x} ${e#x} $1 $@', { ...options, onUnset });
  assert.deepEqual(told, ['a', 'b', 'e']);
});

test('expansion › has bounds in space and time', () => {
  const long = { ...options, lookup: () => 'x'.repeat(1024 * 1024) };
  assert.throws(() => expandWord('$a$a', long), { message: /longer than/ });
  assert.throws(() => expandWord('"$a$a"', long), { message: /longer than/ });
  assert.throws(() => expandWord('${a//x/yy}', long), { message: /longer than/ });
  assert.throws(() => expandWord('${a//*y/z}', long), { message: /take too long/ });
});
