import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges } from '#engine/images/changes.ts';
import type { ImageRunConfig } from '#image/config.ts';

const accepted: [string, ImageRunConfig][] = [
  ['CMD ["sh","-c","echo hi"]', { Cmd: ['sh', '-c', 'echo hi'] }],
  ['cmd echo hi', { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
  ['ENTRYPOINT ["/init"]', { Entrypoint: ['/init'] }],
  ['ENV A=1 B="two words" C=it\\ is', { Env: ['A=1', 'B=two words', 'C=it is'] }],
  ['ENV OLD the rest of the line', { Env: ['OLD=the rest of the line'] }],
  ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
  ["LABEL a=b 'c'='d e'", { Labels: { a: 'b', "'c'": 'd e' } }],
  ['VOLUME ["/a b", "/c"]', { Volumes: { '/a b': {}, '/c': {} } }],
  ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
  ['WORKDIR app', { WorkingDir: '/app' }],
  ['USER 1000:1000', { User: '1000:1000' }],
  ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }],
];
for (const [change, expected] of accepted) {
  test(`--change › ${change}`, () => assert.deepEqual(applyChanges([change]), expected));
}

for (const change of ['', 'CMD', 'FROM scratch', 'RUN x', 'CMD [1]', 'CMD ["a"', 'EXPOSE x', 'ENV A']) {
  test(`--change › refused: ${JSON.stringify(change)}`, () => {
    assert.throws(() => applyChanges([change]), { kind: 'InvalidParameter', message: /invalid change/ });
  });
}

test('--change › later ones win and the base is not touched', () => {
  const base = { Env: ['A=1', 'B=2'] };
  assert.deepEqual(applyChanges(['ENV A=3'], base), { Env: ['B=2', 'A=3'] });
  assert.deepEqual(base, { Env: ['A=1', 'B=2'] });
});
