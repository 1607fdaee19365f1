import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { chooseMirrors } from '#bootstrap/mirrors.ts';

suite('mirrors', () => {
  test("are Debian's own by default", () => {
    const { source, ofImage, isSnapshot } = chooseMirrors({});
    assert.deepEqual(source, {
      main: 'http://deb.debian.org/debian',
      security: 'http://deb.debian.org/debian-security',
    });
    assert.deepEqual(ofImage, source);
    assert.equal(isSnapshot, false);
  });

  test('that are given are those of the image, too', () => {
    const { source, ofImage } = chooseMirrors({ mirror: 'https://mirror.example/debian/' });
    assert.equal(source.main, 'https://mirror.example/debian');
    assert.equal(source.security, 'http://deb.debian.org/debian-security');
    assert.deepEqual(ofImage, source);
  });

  test('of a snapshot have a directory for the moment, and the image has not', () => {
    const moment = { snapshot: '20261101T000000Z' };
    const { source, ofImage, isSnapshot } = chooseMirrors(moment);
    assert.deepEqual(source, {
      main: 'http://snapshot.debian.org/archive/debian/20261101T000000Z',
      security: 'http://snapshot.debian.org/archive/debian-security/20261101T000000Z',
    });
    assert.equal(ofImage.main, 'http://deb.debian.org/debian');
    assert.equal(isSnapshot, true);
    const { source: own } = chooseMirrors({ ...moment, mirror: 'file:///srv/snapshots/debian' });
    assert.equal(own.main, 'file:///srv/snapshots/debian/20261101T000000Z');
  });

  test('must be URLs that fit in a line of apt', () => {
    for (const mirror of [
      'deb.debian.org/debian',
      'ftp://x/debian',
      'http://x/debian main',
      'http://x/[trusted=yes]',
      'http://',
    ]) {
      assert.throws(() => chooseMirrors({ mirror }), { kind: 'InvalidParameter', message: /invalid mirror/ });
    }
  });

  test('know moments in UTC alone', () => {
    for (const snapshot of [
      '2026-11-01',
      '20261101',
      '20261301T000000Z',
      '20260230T000000Z',
      '20261101T250000Z',
      '',
    ]) {
      assert.throws(() => chooseMirrors({ snapshot }), {
        kind: 'InvalidParameter',
        message: /invalid snapshot/,
      });
    }
  });
});
