import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGitUrl } from '#build/git-url.ts';

test('a git URL › is known by its protocol or its end', () => {
  for (const text of [
    'git://h/r',
    'ssh://git@h/r',
    'git@h:r',
    'https://h/r.git',
    'https://h/r.git?branch=x',
  ]) {
    assert.ok(parseGitUrl(text), text);
  }
  assert.deepEqual(parseGitUrl('github.com/a/b'), { repository: 'https://github.com/a/b' });
  for (const text of ['https://h/r', 'https://h/a.tgz?x=.git', 'r.git', './r.git', 'busybox']) {
    assert.equal(parseGitUrl(text), undefined, text);
  }
});

test('a git URL › says in its fragment what is meant', () => {
  assert.deepEqual(parseGitUrl('https://h/r.git#v1:a/b'), {
    repository: 'https://h/r.git',
    ref: 'v1',
    directory: 'a/b',
  });
  assert.deepEqual(parseGitUrl('https://h/r.git#:a'), { repository: 'https://h/r.git', directory: 'a' });
});

test('a git URL › says in its query what is meant', () => {
  const repository = 'https://h/r.git';
  for (const [query, expected] of [
    ['ref=pull/42/head', { ref: 'pull/42/head' }],
    ['tag=v1&subdir=a', { ref: 'refs/tags/v1', directory: 'a' }],
    ['branch=main&checksum=0123456789abcdef', { ref: 'refs/heads/main', commit: '0123456789abcdef' }],
    ['commit=01234567&submodules=false', { commit: '01234567', withoutSubmodules: true }],
    ['keep-git-dir=1&submodules=true', { keepGitDirectory: true, withoutSubmodules: false }],
  ] as const) {
    assert.deepEqual(parseGitUrl(`${repository}?${query}`), { repository, ...expected }, query);
  }
});

test('a git URL › what cannot be meant is refused', () => {
  for (const [text, message] of [
    ['https://h/r.git?depth=1', /"depth"/],
    ['https://h/r.git?tag=a&branch=b', /several/],
    ['https://h/r.git?commit=main', /no id of a commit/],
    ['https://h/r.git?submodules=maybe', /"maybe"/],
    ['https://h/r.git?tag=a#b', /both/],
  ] as const) {
    assert.throws(() => parseGitUrl(text), { kind: 'InvalidParameter', message }, text);
  }
});
