import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '#image/digest.ts';
import {
  candidateReferences,
  canonicalRepoDigest,
  canonicalTag,
  familiarName,
  familiarRepository,
  formatReference,
  looksLikeImageId,
  parseReference,
  type Reference,
  withDefaultTag,
} from '#image/reference.ts';

const digest = `sha256:${'ab'.repeat(32)}` as Digest;

const accepted: [text: string, canonical: string, familiar: string][] = [
  ['busybox', 'docker.io/library/busybox', 'busybox'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['docker.io/library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['index.docker.io/user/app', 'docker.io/user/app', 'user/app'],
  ['library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['user/app:v1', 'docker.io/user/app:v1', 'user/app:v1'],
  ['a/b/c', 'docker.io/a/b/c', 'a/b/c'],
  ['library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['docker.io/localhost/app', 'docker.io/localhost/app', 'docker.io/localhost/app'],
  ['docker.io/my.host/app', 'docker.io/my.host/app', 'docker.io/my.host/app'],
  ['localhost/app', 'localhost/app', 'localhost/app'],
  ['localhost:5000/app:x', 'localhost:5000/app:x', 'localhost:5000/app:x'],
  ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b'],
  ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
  ['ghcr.io/owner/app', 'ghcr.io/owner/app', 'ghcr.io/owner/app'],
  ['Registry/app', 'Registry/app', 'Registry/app'],
  ['a__b/c--d/e.f_g', 'docker.io/a__b/c--d/e.f_g', 'a__b/c--d/e.f_g'],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, `busybox@${digest}`],
  [`busybox:1@${digest}`, `docker.io/library/busybox:1@${digest}`, `busybox:1@${digest}`],
  [`h:1/app@${digest}`, `h:1/app@${digest}`, `h:1/app@${digest}`],
  ['x:_', 'docker.io/library/x:_', 'x:_'],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
  ['sha256:abc', 'docker.io/library/sha256:abc', 'sha256:abc'],
];

test('names as typed become canonical, and familiar again', () => {
  for (const [text, canonical, familiar] of accepted) {
    const reference = parseReference(text);
    assert.equal(formatReference(reference), canonical, text);
    assert.equal(familiarName(reference), familiar, text);
    assert.deepEqual(parseReference(canonical), reference, text);
    assert.deepEqual(parseReference(familiar), reference, text);
  }
});

const refused: [text: string, message: RegExp][] = [
  ['', /^invalid reference format/],
  ['/app', /^invalid reference format/],
  ['app/', /^invalid reference format/],
  ['a//b', /^invalid reference format/],
  ['localhost:5000/', /^invalid reference format/],
  ['app:', /^invalid reference format/],
  ['app:-x', /^invalid reference format/],
  ['app:a:b', /^invalid reference format/],
  [`app:${'t'.repeat(129)}`, /^invalid reference format/],
  ['app@', /^invalid reference format/],
  ['app@sha256:abc', /invalid digest/],
  [`app@sha256:${'AB'.repeat(32)}`, /invalid digest/],
  [`app@md5:${'a'.repeat(32)}`, /^invalid reference format/],
  [`app@${digest}@${digest}`, /invalid digest/],
  [`@${digest}`, /^invalid reference format/],
  ['-app', /^invalid reference format/],
  ['app-', /^invalid reference format/],
  ['a___b', /^invalid reference format/],
  ['a..b', /^invalid reference format/],
  ['../etc', /^invalid reference format/],
  ['a/../b', /^invalid reference format/],
  ['-host.io/app', /^invalid reference format/],
  ['host:port/app', /^invalid reference format/],
  ['https://docker.io/app', /^invalid reference format/],
  ['app name', /^invalid reference format/],
  ['app\n', /^invalid reference format/],
  ['äpp', /^invalid reference format/],
  ['BusyBox', /^invalid reference format: repository name \(library\/BusyBox\) must be lowercase$/],
  ['localhost:5000/App:x', /^invalid reference format: repository name \(App\) must be lowercase$/],
  [`h.io/${'a'.repeat(256)}`, /must not be more than 255 characters$/],
  ['a'.repeat(2000), /too many/],
  ['ab'.repeat(32), /cannot specify 64-byte hexadecimal strings$/],
];

test('what is no reference is refused in the words of Docker', () => {
  for (const [text, message] of refused) {
    assert.throws(() => parseReference(text), { kind: 'InvalidParameter', message }, JSON.stringify(text));
  }
  assert.throws(() => parseReference(`app@sha512:${'a'.repeat(128)}`), { kind: 'Unsupported' });
});

/** A small generator with a fixed seed: a failure can be repeated. */
function randomSource(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

test('any valid reference survives formatting, canonical and familiar', () => {
  const random = randomSource(7);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const word = () => Array.from({ length: 1 + random(4) }, () => pick([...'abz019'])).join('');
  const component = () =>
    Array.from({ length: 1 + random(3) }, word).reduce((a, b) => a + pick(['.', '_', '__', '-', '---']) + b);
  const registries = [
    'docker.io',
    'localhost',
    'localhost:5000',
    'a.b-c.io',
    '10.0.0.1:1',
    '[fe80::1]:80',
    'Host',
  ];
  for (let i = 0; i < 5000; i++) {
    const registry = pick(registries);
    const path = Array.from({ length: 1 + random(3) }, component).join('/');
    const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
    const reference: Reference = { registry, repository };
    if (random(2)) reference.tag = pick(['latest', '1.0', '_x', 'A-b.C']);
    if (random(2)) reference.digest = digest;
    assert.deepEqual(parseReference(formatReference(reference)), reference);
    assert.deepEqual(parseReference(familiarName(reference)), reference);
  }
});

test('random text never parses to something that formats differently', () => {
  const random = randomSource(11);
  const alphabet = [...'aZ0._-:/@ []é\0', 'localhost', 'docker.io', digest];
  let parsed = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(7) }, () => alphabet[random(alphabet.length)]).join('');
    let reference: Reference;
    try {
      reference = parseReference(text);
    } catch (error) {
      assert.equal((error as { kind?: string }).kind, 'InvalidParameter', text);
      continue;
    }
    parsed++;
    assert.deepEqual(parseReference(formatReference(reference)), reference, text);
  }
  assert.ok(parsed > 100, `${parsed} texts parsed`);
});

test('names for the image table', () => {
  const plain = parseReference('busybox');
  assert.equal(canonicalTag(plain), 'docker.io/library/busybox:latest');
  assert.equal(canonicalTag(parseReference('h:1/a:b')), 'h:1/a:b');
  assert.equal(
    canonicalRepoDigest(parseReference('busybox:1'), digest),
    `docker.io/library/busybox@${digest}`,
  );
  assert.equal(familiarRepository(parseReference('busybox:1')), 'busybox');
  assert.equal(withDefaultTag(plain).tag, 'latest');
  assert.equal(withDefaultTag(parseReference('a:b')).tag, 'b');
  assert.equal(withDefaultTag(parseReference(`a@${digest}`)).tag, undefined);
});

test('image ids and their beginnings are told from names', () => {
  for (const text of ['0', 'abc123', 'f'.repeat(64), `sha256:${'0'.repeat(64)}`, 'sha256:a']) {
    assert.equal(looksLikeImageId(text), true, text);
  }
  for (const text of ['', 'sha256:', 'xyz', 'ABC', 'f'.repeat(65), 'sha512:aa', 'abc/def']) {
    assert.equal(looksLikeImageId(text), false, text);
  }
});

test('a name without a registry stands for candidates, in order', () => {
  const texts = (name: string, registries: string[]): string[] =>
    candidateReferences(parseReference(name), registries).map(formatReference);
  assert.deepEqual(texts('busybox:1', ['docker.io']), ['docker.io/library/busybox:1']);
  assert.deepEqual(texts('busybox', ['r.test:5000', 'docker.io']), [
    'r.test:5000/busybox',
    'docker.io/library/busybox',
  ]);
  assert.deepEqual(texts('docker.io/library/busybox', ['r.test']), ['r.test/busybox']);
  assert.deepEqual(texts('user/app', ['r.test']), ['r.test/user/app']);
  assert.deepEqual(texts('ghcr.io/a/b', ['r.test']), ['ghcr.io/a/b']);
});
