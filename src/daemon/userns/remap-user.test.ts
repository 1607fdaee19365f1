import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRemapUser, firstFreeRange, hasRanges, readRemapping } from '#daemon/userns/remap-user.ts';
import { kindOf } from '#errors/error.ts';

const databases = {
  passwd: 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n',
  group: 'root:x:0:\nstaff:x:50:ann\n',
  subuid: '# who:from:how many\nann:100000:65536\nbob:165536:65536\n1000:300000:10\nbroken\nann:5:0\n',
  subgid: 'ann:200000:65536\n',
};

test('a user is found by name and by number, with a group and without', () => {
  for (const setting of ['ann', '1000', 'ann:staff', '1000:50', 'ann:4711']) {
    assert.deepEqual(findRemapUser(setting, databases), { name: 'ann', uid: 1000 });
  }
  assert.deepEqual(findRemapUser('4711', databases), { uid: 4711 });
});

test('a setting that means nobody is refused with the remedy', () => {
  for (const [setting, message] of [
    ['eve', /no user eve in \/etc\/passwd: useradd .* eve/],
    ['ann:eves', /no group eves in \/etc\/group: groupadd/],
    ['root', /root cannot be mapped to itself/],
    ['0:0', /root cannot be mapped to itself/],
    ['', /must be default, user/],
    ['ann:', /must be default, user/],
    ['ann:staff:x', /must be default, user/],
  ] as const) {
    assert.throws(
      () => findRemapUser(setting, databases),
      (error) => kindOf(error) === 'InvalidParameter' && message.test(String(error)),
    );
  }
});

test('all ranges of a user count, whichever way the files name him', () => {
  assert.deepEqual(readRemapping({ name: 'ann', uid: 1000 }, databases), {
    uids: [
      { inside: 0, outside: 100000, count: 65536 },
      { inside: 65536, outside: 300000, count: 10 },
    ],
    gids: [{ inside: 0, outside: 200000, count: 65536 }],
  });
});

test('ranges that are missing, reach root or overlap are refused', () => {
  const refusal = (subuid: string, message: RegExp): void =>
    assert.throws(() => readRemapping({ name: 'ann', uid: 1000 }, { subuid, subgid: 'ann:1:1' }), message);
  refusal('bob:100000:65536\n', /\/etc\/subuid has no range for ann; usermod --add-subuids/);
  refusal('ann:0:65536\n', /root's among them/);
  refusal('ann:100:10\nann:109:10\n', /109:10 and 100:10, which overlap/);
  refusal('ann:4294967290:10\n', /do not exist/);
  refusal('ann:1:1\n'.repeat(341), /341 ranges/);
  assert.throws(
    () => readRemapping({ uid: 7 }, { subuid: '7:9:1', subgid: '' }),
    /\/etc\/subgid has no range for 7/,
  );
});

test('a free range begins after all that are taken', () => {
  assert.equal(firstFreeRange('', ''), 100_000);
  assert.equal(firstFreeRange('ann:100000:65536\n', 'bob:300000:10\n'), 300_010);
  assert.equal(hasRanges({ name: 'ann', uid: 1 }, databases.subuid), true);
  assert.equal(hasRanges({ name: 'eve', uid: 1 }, databases.subuid), false);
});
