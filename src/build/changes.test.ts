import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from '#build/changes.ts';
import type { ImageRunConfig } from '#image/config.ts';

const accepted: [string, ImageRunConfig][] = [
  ['CMD ["sh","-c","echo hi"]', { Cmd: ['sh', '-c', 'echo hi'] }],
  ['cmd echo hi', { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
  ['ENTRYPOINT ["/init"]', { Entrypoint: ['/init'], Cmd: null }],
  ['ENV A=1 B="two words" C=it\\ is', { Env: ['A=1', 'B=two words', 'C=it is'] }],
  ['ENV OLD the rest of the line', { Env: ['OLD=the rest of the line'] }],
  ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
  ["LABEL a=b 'c'='d e'", { Labels: { a: 'b', c: 'd e' } }],
  ['VOLUME ["/a b", "/c"]', { Volumes: { '/a b': {}, '/c': {} } }],
  ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
  ['WORKDIR app', { WorkingDir: '/app' }],
  ['USER 1000:1000', { User: '1000:1000' }],
  ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }],
  ['EXPOSE 8000-8002', { ExposedPorts: { '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } }],
  ['ONBUILD RUN make', { OnBuild: ['RUN make'] }],
  ['HEALTHCHECK --retries=3 CMD true', { Healthcheck: { Test: ['CMD-SHELL', 'true'], Retries: 3 } }],
  ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
];
for (const [change, expected] of accepted) {
  test(`--change › ${change}`, () => assert.deepEqual(applyChanges([change]), expected));
}

const refused = [
  '',
  '# a comment',
  'FROM scratch',
  'RUN x',
  'ARG A=1',
  'SHELL ["/bin/sh"]',
  'EXPOSE x',
  'EXPOSE 70000',
  'ENV A',
  'ONBUILD FROM x',
  'STOPSIGNAL NOPE',
  'CND x',
];
for (const change of refused) {
  test(`--change › refused: ${JSON.stringify(change)}`, () => {
    assert.throws(() => applyChanges([change]), { kind: 'InvalidParameter', message: /^--change/ });
  });
}

test('--change › without any, nothing changes', () => assert.deepEqual(applyChanges([]), {}));

test('--change › later ones win and the base is not touched', () => {
  const base = { Env: ['A=1', 'B=2'], Cmd: ['base'], OnBuild: ['RUN a'] };
  assert.deepEqual(applyChanges(['ENV B=3', 'ENV B=4 C="5 6"', 'ONBUILD RUN b'], base), {
    Env: ['A=1', 'B=4', 'C=5 6'],
    Cmd: ['base'],
    OnBuild: ['RUN a', 'RUN b'],
  });
  assert.deepEqual(base, { Env: ['A=1', 'B=2'], Cmd: ['base'], OnBuild: ['RUN a'] });
});

test('--change › variables are those of the environment', () => {
  const base = { Env: ['PATH=/bin', 'APP=web'] };
  assert.deepEqual(applyChanges(['ENV PATH=$PATH:/opt/bin', 'WORKDIR /srv/$APP', 'LABEL of=$APP'], base), {
    Env: ['PATH=/bin:/opt/bin', 'APP=web'],
    WorkingDir: '/srv/web',
    Labels: { of: 'web' },
  });
});

test('--change › an entry point makes the command void that came with the base', () => {
  const base = { Cmd: ['old'] };
  assert.equal(applyChanges(['ENTRYPOINT ["/init"]'], base).Cmd, null);
  assert.deepEqual(applyChanges(['CMD ["new"]', 'ENTRYPOINT ["/init"]'], base).Cmd, ['new']);
});
