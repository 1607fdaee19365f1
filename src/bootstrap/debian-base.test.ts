import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { debianArchitecture, parseDebianBase } from '#bootstrap/debian-base.ts';
import { parsePlatform } from '#image/platform.ts';

suite('the name of a base image', () => {
  test('is a release, with -slim or without', () => {
    assert.deepEqual(parseDebianBase('debian', 'bookworm'), { suite: 'bookworm', slim: false });
    assert.deepEqual(parseDebianBase('debian', 'trixie-slim'), { suite: 'trixie', slim: true });
    assert.deepEqual(parseDebianBase('docker.io/library/debian', 'sid'), { suite: 'sid', slim: false });
  });

  test('of no release is refused, and what to write is said', () => {
    for (const tag of [
      undefined,
      'latest',
      '12',
      '12-slim',
      'bookworm-backports',
      'Bookworm',
      '../sid',
      'a'.repeat(41),
    ]) {
      assert.throws(() => parseDebianBase('debian', tag), {
        kind: 'InvalidParameter',
        message: /debian:bookworm-slim/,
      });
    }
  });

  test('of another distribution is refused', () => {
    for (const name of ['ubuntu', 'example.com/debian', 'me/debian']) {
      assert.throws(() => parseDebianBase(name, 'bookworm'), {
        kind: 'Unsupported',
        message: new RegExp(name),
      });
    }
  });
});

suite('the architecture', () => {
  test('has a name of its own in Debian', () => {
    const names = ['linux/amd64', 'arm64', 'linux/arm', 'arm/v5', 'linux/386', 'linux/ppc64le'].map((text) =>
      debianArchitecture(parsePlatform(text.startsWith('arm/') ? `linux/${text}` : text)),
    );
    assert.deepEqual(names, ['amd64', 'arm64', 'armhf', 'armel', 'i386', 'ppc64el']);
  });

  test('must be one of Linux that Debian has', () => {
    for (const text of ['windows/amd64', 'linux/wasm', 'linux/amd64/v3']) {
      assert.throws(() => debianArchitecture(parsePlatform(text)), {
        kind: 'InvalidParameter',
        message: /linux\/arm64/,
      });
    }
  });
});
