import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageConfig } from '#image/config.ts';

const diffId = `sha256:${'cd'.repeat(32)}`;
const rootfs = { type: 'layers', diff_ids: [diffId] };
const minimal = { architecture: 'amd64', os: 'linux', rootfs };
const parse = (value: unknown) => parseImageConfig(Buffer.from(JSON.stringify(value)));

test('every known field is kept', () => {
  const full = {
    created: '2026-01-01T00:00:00Z',
    author: 'a',
    architecture: 'arm',
    os: 'linux',
    variant: 'v7',
    config: {
      User: '1000:1000',
      ExposedPorts: { '80/tcp': {} },
      Env: ['PATH=/bin'],
      Entrypoint: ['/init'],
      Cmd: ['-x'],
      Volumes: { '/data': {} },
      WorkingDir: '/w',
      Labels: { a: 'b' },
      StopSignal: 'SIGINT',
      Shell: ['/bin/sh', '-c'],
      OnBuild: ['RUN x'],
      Healthcheck: { Test: ['CMD', 'x'], Interval: 30_000_000_000, Retries: 3 },
      ArgsEscaped: true,
    },
    rootfs,
    history: [{ created: 'x', created_by: 'RUN', empty_layer: true }, {}],
    comment: 'c',
  };
  assert.deepEqual(parse(full), full);
});

test('null counts as absent and unknown fields are dropped', () => {
  const config = {
    Env: null,
    Cmd: null,
    Entrypoint: null,
    Volumes: null,
    Labels: null,
    OnBuild: null,
    Domainname: '',
  };
  assert.deepEqual(parse({ ...minimal, history: null, config, container: 'x', docker_version: '1' }), {
    ...minimal,
    config: {},
  });
});

test('an image without layers and one that does not say its platform are read', () => {
  assert.deepEqual(parse({ rootfs: { type: 'layers', diff_ids: null } }), {
    architecture: '',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
  });
});

test('keys that name prototype members stay mere keys', () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}');
  const parsed = parse({ ...minimal, config: { Labels: labels } });
  assert.deepEqual(Object.keys(parsed.config?.Labels ?? {}), ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(parsed.config?.Labels), Object.prototype);
});

test('hostile and broken configurations are refused', () => {
  const cases: [value: unknown, message: RegExp][] = [
    [[], /not a JSON object/],
    [{ architecture: 'amd64', os: 'linux' }, /rootfs: is missing/],
    [{ ...minimal, rootfs: { type: 'tree', diff_ids: [] } }, /not "layers"/],
    [{ ...minimal, rootfs: { type: 'layers', diff_ids: ['sha256:x'] } }, /diff_ids\[0\]/],
    [{ ...minimal, rootfs: { type: 'layers', diff_ids: Array(4097).fill(diffId) } }, /4097 entries/],
    [{ ...minimal, architecture: 3 }, /architecture: is not a string/],
    [{ ...minimal, config: [] }, /config: is not an object/],
    [{ ...minimal, config: { Env: 'A=b' } }, /config.Env: is not an array/],
    [{ ...minimal, config: { Env: [1] } }, /config.Env\[0\]: is not a string/],
    [{ ...minimal, config: { Cmd: ['a\0b'] } }, /NUL/],
    [{ ...minimal, config: { Volumes: { '/a\0': {} } } }, /NUL/],
    [{ ...minimal, config: { Volumes: [] } }, /Volumes: is not an object/],
    [{ ...minimal, config: { Healthcheck: { Interval: -1 } } }, /Interval/],
    [{ ...minimal, config: { Healthcheck: { Retries: 'x' } } }, /Retries/],
    [{ ...minimal, history: ['x'] }, /history\[0\]: is not an object/],
    [{ ...minimal, history: [{ empty_layer: 'yes' }] }, /empty_layer: is not a boolean/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => parse(value), { kind: 'InvalidParameter', message }, String(message));
  }
  assert.throws(() => parseImageConfig(Buffer.alloc(8 * 1024 * 1024 + 1)), /too large/);
});
