import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersInside, ownersOutside, xattrInside } from '#archive/owners/file-owners.ts';
import { kindOf } from '#errors/error.ts';

const range = { inside: 0, outside: 100_000, count: 1000 };
const mapping = { uids: [range], gids: [{ ...range, outside: 200_000 }] };
const noXattrs: ReadonlyMap<string, Buffer> = new Map();
/** `cap_net_raw=ep`: <linux/capability.h>, version 2 and version 3 with the root that it holds for. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const capabilityOf = (root: number): Buffer => {
  const bytes = Buffer.concat([capability, Buffer.alloc(4)]);
  bytes.writeUInt32LE(0x03000001, 0);
  bytes.writeUInt32LE(root, 20);
  return bytes;
};

test('owners go in and out of a user namespace', () => {
  const node = { name: 'a', uid: 7, gid: 8, xattrs: noXattrs };
  const outside = ownersOutside(node, mapping);
  assert.deepEqual([outside.uid, outside.gid], [100_007, 200_008]);
  assert.deepEqual(ownersInside(outside, mapping), node);
  assert.equal(ownersOutside(node, undefined), node);
  assert.equal(ownersInside(node, undefined), node);
});

test('an owner whom the namespace does not have is refused on the way out, and nobody on the way in', () => {
  assert.throws(
    () => ownersOutside({ name: 'a', uid: 0, gid: 1000, xattrs: noXattrs }, mapping),
    (error) => kindOf(error) === 'InvalidParameter' && /"a" belongs to 0:1000/.test(String(error)),
  );
  const { uid, gid } = ownersInside({ uid: 0, gid: 100_000 }, mapping);
  assert.deepEqual([uid, gid], [65_534, 65_534]);
});

test('capabilities of a file hold for the root of the namespace, and are plain in an archive', () => {
  const name = 'security.capability';
  const node = { name: 'ping', uid: 0, gid: 0, xattrs: new Map([[name, capability]]) };
  assert.deepEqual(ownersOutside(node, mapping).xattrs.get(name), capabilityOf(100_000));
  assert.deepEqual(xattrInside(name, capabilityOf(100_000), mapping), capability);
  // Another namespace's are left alone, and so is what only has the length.
  assert.deepEqual(xattrInside(name, capabilityOf(5), mapping), capabilityOf(5));
  assert.deepEqual(xattrInside('user.x', capabilityOf(100_000), mapping), capabilityOf(100_000));
  assert.deepEqual(xattrInside(name, capabilityOf(100_000), undefined), capabilityOf(100_000));
});
