import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { findUser, resolveUser } from '#runtime/users.ts';

const passwd =
  'root:x:0:0::/root:/bin/sh\nbroken\nweb:x:101:102::/srv/web:/bin/sh\n33:x:7:8::/num:\nnohome:x:9:9:::\n';
const group = 'root:x:0:\nweb:x:102:\nextra:x:103:other,web\nweb2:x:104:web2\n77:x:105:\n';

describe('findUser', () => {
  const cases: [
    user: string,
    groups: string[],
    uid: number,
    gid: number,
    additional: number[],
    home: string,
  ][] = [
    ['', [], 0, 0, [0], '/root'],
    ['0', [], 0, 0, [0], '/root'],
    ['web', [], 101, 102, [102, 103], '/srv/web'],
    ['101', [], 101, 102, [102, 103], '/srv/web'],
    ['5000', [], 5000, 0, [0], '/'],
    ['5000', ['web2'], 5000, 0, [0, 104], '/'],
    ['web:', [], 101, 102, [102, 103], '/srv/web'],
    ['web:root', [], 101, 0, [0], '/srv/web'],
    ['web:55', [], 101, 55, [55], '/srv/web'],
    ['12:34', [], 12, 34, [34], '/'],
    [':web', [], 0, 102, [102], '/root'],
    [':77', [], 0, 77, [77], '/root'],
    ['33', [], 33, 0, [0], '/'],
    ['7', [], 7, 8, [8], '/num'],
    ['nohome', [], 9, 9, [9], '/'],
    ['web', ['web2', '78', '77', '103'], 101, 102, [102, 103, 104, 78, 105], '/srv/web'],
  ];
  for (const [user, groups, uid, gid, additionalGids, home] of cases) {
    test(`finds "${user}" with groups [${groups}]`, () => {
      assert.deepEqual(findUser(passwd, group, user, groups), { uid, gid, additionalGids, home });
    });
  }

  const refused: [user: string, groups: string[], message: RegExp][] = [
    ['joe', [], /^unable to find user joe: no matching entries in passwd file$/],
    ['web:joes', [], /^unable to find group joes: no matching entries in group file$/],
    ['web:web:web', [], /^unable to find group web:web/],
    ['web', ['joes'], /^unable to find group joes/],
    ['2147483648', [], /must be in range 0-2147483647/],
    ['web:2147483648', [], /must be in range 0-2147483647/],
    ['web', ['2147483648'], /must be in range 0-2147483647/],
    ['-1', [], /must be in range 0-2147483647/],
  ];
  for (const [user, groups, message] of refused) {
    test(`refuses "${user}" with groups [${groups}]`, () => {
      assert.throws(() => findUser(passwd, group, user, groups), { kind: 'InvalidParameter', message });
    });
  }
});

describe('resolveUser', () => {
  test('stays inside the root and never waits', (t) => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-users-'));
    t.after(() => fs.rmSync(root, { recursive: true }));
    assert.equal(resolveUser(root, '', []).home, '/');
    fs.mkdirSync(path.join(root, 'etc'));
    fs.mkdirSync(path.join(root, 'data'));
    fs.writeFileSync(path.join(root, 'data/passwd'), 'inside:x:5:6::/in:\n');
    fs.symlinkSync('/../../../../data/passwd', path.join(root, 'etc/passwd'));
    assert.deepEqual(resolveUser(root, 'inside', []), { uid: 5, gid: 6, additionalGids: [6], home: '/in' });
    execFileSync('mkfifo', [path.join(root, 'etc/group')]);
    assert.throws(() => resolveUser(root, 'inside:wheel', []), /unable to find group wheel/);
    fs.truncateSync(path.join(root, 'data/passwd'), 9 * 1024 * 1024);
    assert.throws(() => resolveUser(root, 'inside', []), {
      kind: 'InvalidParameter',
      message: /9437184 bytes/,
    });
  });
});
