import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
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

function mountAndUse(
  mountIt: typeof mountOverlay,
  overlay: ReturnType<typeof makeOverlay>['overlay'],
  target: string,
): void {
  const last = overlay.lowerDirectories.length - 1;
  mountIt(overlay, target);
  try {
    assert.equal(fs.readFileSync(path.join(target, 'same'), 'utf8'), '0');
    assert.equal(fs.readFileSync(path.join(target, `file-${last}`), 'utf8'), String(last));
    fs.writeFileSync(path.join(target, 'new'), 'x');
    assert.equal(fs.readFileSync(path.join(overlay.upperDirectory, 'new'), 'utf8'), 'x');
  } finally {
    unmountDetach(target);
  }
}

/** Overlayfs has `lowerdir+` since Linux 6.5. */
const [major = 0, minor = 0] = os.release().split('.').map(Number.parseFloat);
const takesLayersOneByOne = major > 6 || (major === 6 && minor >= 5);

describe('mountOverlay', () => {
  for (const { name, layers, nested, mountIt = mountOverlay } of [
    { name: 'mounts one layer', layers: 1, nested: '' },
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
      mountAndUse(mountIt, overlay, target);
    });
  }

  const tooManyForPage = 300;

  it('mounts more layers than fit the page of mount(2)', {
    skip: !takesLayersOneByOne && 'needs Linux 6.5',
  }, () => {
    using directory = scratch();
    const { overlay, target } = makeOverlay(directory.path, tooManyForPage);
    mountAndUse(mountOverlay, overlay, target);
  });

  it('refuses what an older kernel cannot take', () => {
    using directory = scratch();
    const { overlay, target } = makeOverlay(directory.path, tooManyForPage);
    const mountIt = takesLayersOneByOne ? mountByPage : mountOverlay;
    assert.throws(() => mountIt(overlay, target), { code: 'E2BIG', message: /300 layers/ });
  });

  it('names the path that is missing', () => {
    using directory = scratch();
    const { overlay, target } = makeOverlay(directory.path, 1);
    fs.rmdirSync(overlay.workDirectory);
    assert.throws(() => mountOverlay(overlay, target), { code: 'ENOENT' });
  });
});
