import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { applyDeviceEdits } from '#runtime/apply-device-edits.ts';
import { listCdiDevices, readDeviceEdits } from '#runtime/cdi.ts';
import type { OciSpec } from '#runtime/oci.ts';

/** Directories with these files: `<directory>/<name>` → content. */
function createDirectories(t: TestContext, files: Readonly<Record<string, string>>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-cdi-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
  return ['etc', 'run'].map((name) => path.join(root, name));
}

const description = (device: object, common: object = {}): string =>
  JSON.stringify({
    cdiVersion: '0.6.0',
    kind: 'vendor.com/toy',
    devices: [{ name: 'a', containerEdits: device }],
    containerEdits: common,
  });

test('descriptions in JSON and YAML, what is common to a kind coming once', async (t) => {
  const directories = createDirectories(t, {
    'etc/toy.yaml': [
      'cdiVersion: "0.5.0"',
      'kind: vendor.com/toy',
      'containerEdits:',
      '  env: [COMMON=1]',
      'devices:',
      '- name: a',
      '  containerEdits:',
      '    env: [A=1]',
      '- name: "0"',
      '  containerEdits:',
      '    deviceNodes: [{ path: /dev/toy0, type: c, major: 1, minor: 5, permissions: r }]',
      '    mounts: [{ hostPath: /lib/toy, containerPath: /toy, options: [ro] }]',
    ].join('\n'),
    'run/other.json': JSON.stringify({ cdiVersion: '1.0.0', kind: 'other.com/x', devices: [{ name: 'b' }] }),
    'run/readme.txt': 'not a description',
  });
  const names = ['other.com/x=b', 'vendor.com/toy=0', 'vendor.com/toy=a'];
  assert.deepEqual(await listCdiDevices(directories), names);
  const edits = await readDeviceEdits(directories, [
    'vendor.com/toy=a',
    'vendor.com/toy=0',
    'vendor.com/toy=a',
  ]);
  assert.deepEqual(edits.env, ['COMMON=1', 'A=1']);
  assert.deepEqual(edits.deviceNodes, [
    {
      ...{ hostPath: '/dev/toy0', containerPath: '/dev/toy0' },
      permissions: 'r',
      type: 'c',
      major: 1,
      minor: 5,
    },
  ]);
  assert.deepEqual(edits.mounts, [
    { hostPath: '/lib/toy', containerPath: '/toy', type: '', options: ['ro'] },
  ]);
});

test('a later directory goes before an earlier one, and twice in one is an error', async (t) => {
  const directories = createDirectories(t, {
    'etc/toy.json': description({ env: ['FROM=etc'] }),
    'run/toy.json': description({ env: ['FROM=run'] }),
  });
  assert.deepEqual((await readDeviceEdits(directories, ['vendor.com/toy=a'])).env, ['FROM=run']);
  const twice = createDirectories(t, {
    'etc/one.json': description({}),
    'etc/two.json': description({}),
  });
  await assert.rejects(
    readDeviceEdits(twice, ['vendor.com/toy=a']),
    /more than once.*one\.json and .*two\.json/,
  );
});

test('what is not there, wrong or beyond us is said', async (t) => {
  const directories = createDirectories(t, {
    'etc/broken.json': '{',
    'etc/old.json': description({}).replace('0.6.0', '0.1.0'),
    'run/toy.json': description({ netDevices: [] }),
  });
  await assert.rejects(readDeviceEdits(directories, ['vendor.com/toy=none']), {
    kind: 'InvalidParameter',
    message: /unresolvable CDI devices vendor.com\/toy=none .*broken\.json.*cdiVersion "0.1.0" is not known/,
  });
  await assert.rejects(readDeviceEdits(directories, ['vendor.com/toy=a']), {
    kind: 'Unsupported',
    message: /asks for netDevices/,
  });
  assert.deepEqual(await listCdiDevices(['/nowhere']), []);
});

test('edits become part of the configuration', () => {
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process: {
      ...{ terminal: false, user: { uid: 0, gid: 0, additionalGids: [1] }, args: ['x'], cwd: '/' },
      ...{ env: ['PATH=/bin', 'TOY=no'], noNewPrivileges: false },
    },
    root: { path: '/root', readonly: false },
    mounts: [],
    linux: {
      ...{ namespaces: [], cgroupsPath: '/x' },
      resources: { devices: [{ allow: false, access: 'rwm' }] },
    },
  };
  const edited = applyDeviceEdits(spec, {
    env: ['TOY=yes'],
    deviceNodes: [{ hostPath: '/dev/null', containerPath: '/dev/toy', permissions: 'rw', uid: 7 }],
    mounts: [
      { hostPath: '/a', containerPath: '/b', type: '', options: ['ro'] },
      { hostPath: 'tmpfs', containerPath: '/c', type: 'tmpfs', options: [] },
    ],
    hooks: [{ point: 'createContainer', path: '/hook', args: ['hook'] }],
    additionalGids: [44],
  });
  assert.deepEqual(edited.process.env, ['PATH=/bin', 'TOY=yes']);
  assert.deepEqual(edited.process.user.additionalGids, [1, 44]);
  assert.partialDeepStrictEqual(edited.linux.devices, [
    { path: '/dev/toy', type: 'c', major: 1, minor: 3, uid: 7 },
  ]);
  assert.deepEqual(edited.linux.resources.devices?.at(-1), {
    ...{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
  });
  assert.deepEqual(edited.mounts, [
    { destination: '/b', type: 'bind', source: '/a', options: ['rbind', 'ro'] },
    { destination: '/c', type: 'tmpfs', source: 'tmpfs', options: [] },
  ]);
  assert.deepEqual(edited.hooks, { createContainer: [{ path: '/hook', args: ['hook'] }] });
});
