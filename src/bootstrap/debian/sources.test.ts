import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sourceLines, sourcesFile, sourcesOf } from '#bootstrap/debian/sources.ts';

const mirrors = { main: 'http://m.example/debian', security: 'http://m.example/debian-security' };

suite('the sources of packages', () => {
  test('are the release, its updates and its security updates', () => {
    const lines = sourceLines(sourcesOf(mirrors, 'bookworm'), false);
    const signed = 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
    assert.deepEqual(lines, [
      `${signed} http://m.example/debian bookworm main`,
      `${signed} http://m.example/debian bookworm-updates main`,
      `${signed} http://m.example/debian-security bookworm-security main`,
    ]);
  });

  test('of sid are sid', () => {
    assert.deepEqual(sourcesOf(mirrors, 'sid'), [{ mirror: mirrors.main, suite: 'sid' }]);
  });

  test('of a snapshot may be out of date', () => {
    for (const line of sourceLines(sourcesOf(mirrors, 'bookworm'), true)) {
      assert.match(line, /^deb \[signed-by=\S+ check-valid-until=no\] /);
    }
  });

  test('have a paragraph for each archive in the image', () => {
    assert.equal(
      sourcesFile(sourcesOf(mirrors, 'bookworm')),
      `Types: deb
URIs: http://m.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://m.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
    );
  });
});
