import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { unmountDetach } from '#sys/mount.ts';
import { mountByPage } from '#sys/overlay/by-page.ts';
import { mountOverlay } from '#sys/overlay.ts';

function scratch(prefix = '/tmp/sys-overlay-'): Disposable & { path: string } {
  const directory = fs.mkdtempSync(prefix);
  return { path: directory, [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

function makeOverlay(root: string, layers: number) {
  const lowerDirectories = [];
  for (let i = 0; i < layers; i++) {
    const lower = path.join(root, String(i), 'fs');
    fs.mkdirSync(lower, { recursive: true });
    fs.writeFileSync(path.join(lower, `file-${i}`), String(i));
    fs.writeFileSync(path.join(lower, 'same'), String(i));
    lowerDirectories.push(lower);
  }
  const [upperDirectory = '', workDirectory = '', target = ''] = ['upper', 'work', 'merged'].map((name) => {
    fs.mkdirSync(path.join(root, name));
    return path.join(root, name);
  });
  return { overlay: { lowerDirectories, upperDirectory, workDirectory }, target };
}

describe('mountOverlay', () => {
  for (const { name, layers, nested, mountIt = mountOverlay } of [
    { name: 'mounts one layer', layers: 1, nested: '' },
    { name: 'mounts more layers than fit the page of mount(2)', layers: 300, nested: '' },
    { name: 'mounts from paths that are too long for fsconfig', layers: 5, nested: 'd'.repeat(200) },
    { name: 'mounts from paths with separators of overlayfs', layers: 2, nested: 'a:b,c\\d' },
    { name: 'mounts with mount(2) on older kernels', layers: 3, nested: '', mountIt: mountByPage },
    {
      name: 'fits many layers into the page of mount(2)',
      layers: 200,
      nested: 'long'.repeat(10),
      mountIt: mountByPage,
    },
  ]) {
    it(name, () => {
      using directory = scratch();
      const root = path.join(directory.path, nested, nested);
      fs.mkdirSync(root, { recursive: true });
      const { overlay, target } = makeOverlay(root, layers);
      mountIt(overlay, target);
      try {
        assert.equal(fs.readFileSync(path.join(target, 'same'), 'utf8'), '0');
        assert.equal(fs.readFileSync(path.join(target, `file-${layers - 1}`), 'utf8'), String(layers - 1));
        fs.writeFileSync(path.join(target, 'new'), 'x');
        assert.equal(fs.readFileSync(path.join(overlay.upperDirectory, 'new'), 'utf8'), 'x');
      } finally {
        unmountDetach(target);
      }
    });
  }

  it('refuses what an older kernel cannot take', () => {
    using directory = scratch();
    const { overlay, target } = makeOverlay(directory.path, 400);
    assert.throws(() => mountByPage(overlay, target), { code: 'E2BIG' });
  });

  it('names the path that is missing', () => {
    using directory = scratch();
    const { overlay, target } = makeOverlay(directory.path, 1);
    fs.rmdirSync(overlay.workDirectory);
    assert.throws(() => mountOverlay(overlay, target), { code: 'ENOENT' });
  });
});
