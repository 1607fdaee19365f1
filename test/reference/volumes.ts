import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';

/** Mounts and volumes are taken and refused as by dockerd, in its words; where Dhow adds a remedy to them, they come first. */

const host = '/tmp/dhow-volumes-reference';
const binds = [
  ...['', 'ro', 'rw', 'nocopy', 'z', 'Z', 'ro,z', 'rprivate', 'private', 'shared', 'rslave', 'consistent'],
  ...['cached', 'delegated', 'default', 'ro,cached', 'rw,nocopy', 'ro,rw', 'ro,ro', 'bogus', 'ro,bogus'],
  ...['z,Z', 'nocopy,nocopy', 'copy', 'shared,slave', 'cached,delegated', ',ro', 'ro,'],
].flatMap((mode) => [`${host}:/m:${mode}`, `vol:/m:${mode}`]);
const otherBinds = [
  '/m',
  ':/m',
  'vol:',
  'vol:/',
  `${host}:/`,
  'vol:m',
  'vol:/m:ro:ro',
  'vol:/m/',
  '_a:/m',
  'a b:/m',
];
const mounts = [
  ...['type=bind', `type=bind,src=${host}`, `type=bind,src=${host},dst=m`, `type=bind,src=${host},dst=/`],
  ...[`type=bind,src=${host}/nosuch,dst=/m`, 'type=bind,src=relative,dst=/m', 'type=bind,dst=/m'],
  ...[`type=bind,src=${host},dst=/m,bind-propagation=bogus`, `type=bind,src=${host},dst=/m,volume-nocopy`],
  ...[
    'type=volume',
    'dst=/m',
    'type=volume,src=vol,dst=/m,readonly,volume-nocopy',
    'type=volume,src=a b,dst=/m',
  ],
  ...['type=volume,src=vol,dst=/m,bind-propagation=rslave', 'type=volume,src=bad,dst=/m,volume-opt=bogus=1'],
  ...['type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=700', 'type=tmpfs,dst=/m,src=x', 'type=tmpfs,dst=m'],
  ...['type=bogus,dst=/m', 'type=tmpfs,dst=/m,volume-nocopy', 'type=volume,src=/absolute,dst=/m'],
];
const tmpfs = ['/m', '/m:ro', '/m:size=1m,mode=700,uid=5', 'm', '/', '/m:noatime'];
const commands = [
  ...[...binds, ...otherBinds].map((text) => create('-v', text)),
  ...mounts.map((text) => create('--mount', text)),
  ...tmpfs.map((text) => create('--tmpfs', text)),
  create('-v', '/m', '-v', 'vol:/m'),
  create('--tmpfs', '/m', '-v', 'vol:/m'),
  ...['', 'nosuch', 'nosuch:ro', 'nosuch:bogus'].map((from) => create('--volumes-from', from)),
  ...['a', 'a/b', '.x', 'v1'].map((name) => ['volume', 'create', name]),
  ...['bogus=1', 'x', 'type=tmpfs', 'device=x', 'type=', 'size=x'].map((option) => [
    ...['volume', 'create', '--opt', option, 'refused'],
  ]),
];

function create(...options: string[]): string[] {
  return ['create', ...options, 'busybox', 'true'];
}

describe('mounts and volumes of dockerd', { timeout: 900_000 }, () => {
  const told = new Map<string, string[]>();
  before(async () => {
    fs.mkdirSync(host, { recursive: true });
    for (const start of [startDockerd, startDaemon]) {
      await using engine: Engine = await start();
      await importBase(engine);
      const answers: string[] = [];
      for (const args of commands) {
        const { code, stderr } = await engine.cli('docker').run(args);
        answers.push(
          `${code} ${(stderr.split('\n')[0] ?? '').replace('Invalid', 'invalid').replace(/'/g, '"')}`,
        );
      }
      told.set(engine.kind, answers);
    }
  });
  after(() => fs.rmSync(host, { recursive: true, force: true }));

  for (const [index, args] of commands.entries()) {
    it(`docker ${args.join(' ')}`, () => {
      const [expected = '', actual = ''] = ['dockerd', 'dhow'].map((kind) => told.get(kind)?.[index]);
      assert.ok(
        actual.startsWith(expected),
        `${actual}
instead of
${expected}`,
      );
    });
  }
});
