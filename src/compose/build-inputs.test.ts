import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildInputsOf, orderBuilds } from '#compose/build-inputs.ts';
import { loadText } from '#compose/testing/load-text.ts';

const project = (build: string, rest = '') =>
  loadText(`
services:
  web: { build: ${build} }
  base: { build: . }
  ready: { image: i }
${rest}`);

describe('buildInputsOf', () => {
  it('says contexts, secrets, keys, limits and permissions as options of a build', () => {
    const all = project(
      `{
        additional_contexts: { dir: ./d, sibling: "service:base", image: "docker-image://x", far: "https://h/r.git" },
        secrets: [one, { source: two, target: second }], ssh: [default, k=./key],
        entitlements: [network.host], privileged: true, ulimits: { nofile: 5 },
        provenance: false, sbom: false, isolation: default }`,
      'secrets: { one: { file: ./s }, two: { environment: TWO } }',
    );
    assert.deepEqual(buildInputsOf(all, 'web', false), {
      contexts: [
        'dir=/p/d',
        'sibling=docker-image://shop-base',
        'image=docker-image://x',
        'far=https://h/r.git',
      ],
      secrets: ['id=one,src=/p/s', 'id=second,env=TWO'],
      ssh: ['default', 'k=/p/key'],
      allow: ['network.host', 'security.insecure'],
      ulimits: [{ Name: 'nofile', Soft: 5, Hard: 5 }],
      platform: undefined,
    });
  });

  it('makes what is to be run for one platform', () => {
    const two = project('{ platforms: [linux/amd64, linux/arm64] }');
    assert.equal(buildInputsOf(two, 'web', true).platform, 'linux/amd64,linux/arm64');
    assert.equal(buildInputsOf(two, 'web', false).platform, undefined);
    assert.equal(buildInputsOf(project('{ platforms: linux/arm64 }'), 'web', false).platform, 'linux/arm64');
  });

  it('refuses attestations', () => {
    assert.throws(
      () => buildInputsOf(project('{ provenance: true }'), 'web', false),
      /attestations are not made/,
    );
  });
});

describe('orderBuilds', () => {
  it('puts first what others are built from, and refuses circles and what is not built', () => {
    const from = (service: string) => project(`{ additional_contexts: { x: "service:${service}" } }`);
    assert.deepEqual(orderBuilds(from('base'), ['web']), ['base', 'web']);
    assert.throws(() => orderBuilds(from('web'), ['web']), /in a circle: web → web/);
    assert.throws(() => orderBuilds(from('ready'), ['web']), /"ready".* has nothing to build/);
    assert.throws(() => orderBuilds(from('gone'), ['web']), /no such service: gone/);
  });
});
