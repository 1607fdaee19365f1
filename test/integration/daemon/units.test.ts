import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repository } from '../../support/cli.ts';
import { outputOf, runCommand } from '../../support/command.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';

const install = path.join(repository, 'tools/install');

describe('tools/install --root', () => {
  let scratch: Scratch;
  before(() => {
    scratch = createScratch();
  });
  after(() => scratch?.remove());

  const below = (name: string): string => {
    const root = path.join(scratch.directory, name);
    fs.mkdirSync(path.join(root, 'etc'), { recursive: true });
    return root;
  };
  const unit = (root: string, name: string): string => path.join(root, 'etc/systemd/system', name);

  it('writes units that systemd takes without a word, and the command', async () => {
    const root = below('plain');
    assert.equal(await outputOf(install, ['--root', root]), '');
    const units = ['dhow.service', 'dhow.socket'].map((name) => unit(root, name));
    assert.deepEqual(await runCommand('systemd-analyze', ['verify', ...units]), {
      code: 0,
      stdout: '',
      stderr: '',
    });
    assert.equal(fs.readlinkSync(path.join(root, 'usr/local/bin/dhow')), path.join(repository, 'bin/dhow'));
    assert.match(fs.readFileSync(unit(root, 'dhow.socket'), 'utf8'), /^SocketGroup=root$/m);
    for (const file of units) assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /@/);
  });

  it('gives the socket to the group docker where there is one', async () => {
    const root = below('grouped');
    fs.writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\ndocker:x:998:\n');
    await outputOf(install, ['--root', root]);
    assert.match(fs.readFileSync(unit(root, 'dhow.socket'), 'utf8'), /^SocketGroup=docker$/m);
  });

  it('takes away what it wrote', async () => {
    const root = below('removed');
    await outputOf(install, ['--root', root]);
    await outputOf(install, ['--remove', '--root', root]);
    const left = fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory());
    assert.deepEqual(left, []);
  });
});
