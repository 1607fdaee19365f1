import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseRelease } from '#bootstrap/debian/release.ts';

const url = 'http://mirror.example/dists/bookworm/InRelease';
const text = `Origin: Debian
Suite: oldstable
Version: 12.12
Codename: bookworm
Date: Sat, 06 Sep 2025 09:53:27 UTC
Architectures: all amd64 arm64
Description: Debian 12.12
MD5Sum:
 0ed6d4c8891eb86358b94bb35d9e4da4  1484322 contrib/Contents-all
`;

suite('a Release file', () => {
  test('tells the codename, the time of the archive and the architectures', () => {
    assert.deepEqual(parseRelease(text, url), {
      codename: 'bookworm',
      version: '12.12',
      date: new Date('2025-09-06T09:53:27Z'),
      architectures: ['all', 'amd64', 'arm64'],
    });
  });

  test('of an unreleased suite has no version', () => {
    assert.equal(parseRelease(text.replace(/^Version.*\n/m, ''), url).version, undefined);
  });

  test('without a field, or with one that cannot be used, is refused by its URL', () => {
    for (const damaged of [
      text.replace(/^Codename.*\n/m, ''),
      text.replace('Codename: bookworm', 'Codename: ../x [trusted=yes]'),
      text.replace(/^Date: .*/m, 'Date: soon'),
      text.replace(/^Architectures.*\n/m, ''),
      '',
    ]) {
      assert.throws(() => parseRelease(damaged, url), { kind: 'DataLoss', message: /mirror\.example/ });
    }
  });
});
