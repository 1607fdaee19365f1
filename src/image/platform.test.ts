import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  listPlatforms,
  matchesPlatform,
  type PlatformCandidate,
  parsePlatform,
} from '#image/platform.ts';

test('platforms are read and normalised', () => {
  const cases: [text: string, normal: string][] = [
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/AMD64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['windows/amd64', 'windows/amd64'],
    ['macos/arm64', 'darwin/arm64'],
    ['arm64', 'linux/arm64'],
    ['aarch64', 'linux/arm64'],
    ['armhf', 'linux/arm/v7'],
    ['linux', 'linux/s390x'],
  ];
  for (const [text, normal] of cases) {
    assert.equal(formatPlatform(parsePlatform(text, { os: 'linux', architecture: 's390x' })), normal, text);
  }
});

test('what is no platform is refused', () => {
  for (const text of ['', '/', 'linux/', 'linux/a/b/c', 'linux/ä', 'solarflare', 'a b/c', '*']) {
    assert.throws(() => parsePlatform(text), { kind: 'InvalidParameter' }, text);
  }
  assert.throws(() => parsePlatform('linux'), { kind: 'InvalidParameter', message: /linux\/amd64/ });
});

test('the host platform follows from the name that Node gives its processor', () => {
  const cases: [string, string][] = [
    ['x64', 'linux/amd64'],
    ['arm64', 'linux/arm64'],
    ['arm', 'linux/arm/v7'],
    ['ia32', 'linux/386'],
    ['ppc64', 'linux/ppc64le'],
    ['riscv64', 'linux/riscv64'],
    ['s390x', 'linux/s390x'],
  ];
  for (const [arch, platform] of cases) assert.equal(formatPlatform(hostPlatform(arch)), platform);
});

const candidates = (...texts: string[]): (PlatformCandidate & { text: string })[] =>
  texts.map((text) => {
    const [os = '', architecture = '', variant] = text.split('/');
    return { text, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
  });

test('the best platform is chosen', () => {
  const cases: [wanted: string, offered: string[], chosen: string | undefined][] = [
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/arm64', 'windows/amd64'], undefined],
    ['linux/amd64', ['linux/386', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/386'], 'linux/386'],
    ['linux/amd64', ['linux/amd64/v2', 'linux/amd64'], 'linux/amd64'],
    ['linux/amd64', ['linux/amd64/v3'], undefined],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
    ['linux/arm64', ['linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['linux/arm64', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'], 'linux/arm/v7'],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
    ['linux/arm/v5', ['linux/arm/v6', 'linux/arm/v7'], undefined],
    ['linux/arm', ['linux/arm'], 'linux/arm'],
    ['linux/x86_64', ['linux/x86-64'], 'linux/x86-64'],
    ['linux/riscv64', ['linux/riscv64'], 'linux/riscv64'],
    ['linux/amd64', [], undefined],
    ['linux/amd64', ['unknown/unknown'], undefined],
  ];
  for (const [wanted, offered, chosen] of cases) {
    const found = choosePlatform(candidates(...offered), parsePlatform(wanted));
    assert.equal(found?.text, chosen, `${wanted} of ${offered}`);
  }
});

test('the first of equal candidates wins', () => {
  const equals = candidates('linux/amd64', 'linux/amd64');
  assert.equal(choosePlatform(equals, { os: 'linux', architecture: 'amd64' }), equals[0]);
});

test('attestations are never chosen or listed', () => {
  const wanted = { os: 'linux', architecture: 'amd64' };
  const attestation: PlatformCandidate = {
    platform: wanted,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  assert.equal(choosePlatform([attestation], wanted), undefined);
  const unlabelled = { platform: { os: 'unknown', architecture: 'unknown' } };
  const only = {};
  assert.equal(choosePlatform([attestation, unlabelled, only], wanted), only);
  assert.deepEqual(listPlatforms([attestation, unlabelled, { platform: wanted }, only]), ['linux/amd64']);
});

test('candidates without platform are chosen only when there is no choice', () => {
  const wanted = { os: 'linux', architecture: 'amd64' };
  assert.equal(choosePlatform([{}, {}], wanted), undefined);
  const [named] = candidates('linux/amd64');
  assert.equal(choosePlatform<PlatformCandidate>([{}, named as PlatformCandidate], wanted), named);
});

test('an image matches where an equal or newer processor is wanted', () => {
  assert.equal(matchesPlatform(parsePlatform('linux/arm/v6'), parsePlatform('linux/arm/v7')), true);
  assert.equal(matchesPlatform(parsePlatform('linux/arm/v7'), parsePlatform('linux/arm/v6')), false);
  assert.equal(matchesPlatform(parsePlatform('linux/arm64'), parsePlatform('linux/amd64')), false);
  assert.equal(matchesPlatform({ os: 'linux', architecture: '' }, parsePlatform('linux/amd64')), true);
});
