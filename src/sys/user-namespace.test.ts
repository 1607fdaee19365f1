import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mountIdmapped } from '#sys/detached-mount.ts';
import { withFileIds } from '#sys/file-ids.ts';
import { unmountDetach } from '#sys/mount.ts';
import { inNetworkNamespace } from '#sys/namespaces.ts';
import { createUserNamespace } from '#sys/user-namespace.ts';

const range = { inside: 0, outside: 700_000, count: 1000 };
const mapping = { uids: [range], gids: [range] };
const childrenOf = (): string => fs.readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');

test('a user namespace and a network of its own outlive the process that was born in them', () => {
  const before = childrenOf();
  const { userFd, networkFd } = createUserNamespace(mapping);
  try {
    assert.equal(childrenOf(), before);
    const [user, network] = [userFd, networkFd].map((fd) => fs.readlinkSync(`/proc/self/fd/${fd}`));
    assert.match(user ?? '', /^user:/);
    assert.notEqual(user, fs.readlinkSync('/proc/self/ns/user'));
    assert.notEqual(network, fs.readlinkSync('/proc/self/ns/net'));
    const links = inNetworkNamespace(networkFd, () => fs.readFileSync('/proc/thread-self/net/dev', 'utf8'));
    assert.match(links, /^ *lo:/m);
  } finally {
    fs.closeSync(userFd);
    fs.closeSync(networkFd);
  }
});

test('ids that the kernel does not take are refused, and leave nothing open', () => {
  const before = fs.readdirSync('/proc/self/fd').length;
  assert.throws(() => createUserNamespace({ uids: [range, range], gids: [range] }), { code: 'EINVAL' });
  assert.equal(fs.readdirSync('/proc/self/fd').length, before);
});

test('an id-mapped mount shows other owners than are on disk, and writes them back', () => {
  // On a disk: before Linux 6.3 a tmpfs cannot be mounted so.
  const directory = fs.mkdtempSync('/var/tmp/dhow-idmap-');
  const [files, shown] = ['files', 'shown'].map((name) => path.join(directory, name)) as [string, string];
  for (const made of [files, shown]) fs.mkdirSync(made);
  fs.writeFileSync(path.join(files, 'old'), '');
  fs.chownSync(path.join(files, 'old'), 5, 6);
  const { userFd, networkFd } = createUserNamespace(mapping);
  try {
    mountIdmapped(files, shown, userFd);
    const { uid, gid } = fs.statSync(path.join(shown, 'old'));
    assert.deepEqual([uid, gid], [700_005, 700_006]);
    assert.throws(() => fs.writeFileSync(path.join(shown, 'root'), ''), { code: 'EOVERFLOW' });
    withFileIds({ uid: 700_003, gid: 700_004 }, () => fs.writeFileSync(path.join(shown, 'new'), ''));
    const made = fs.statSync(path.join(files, 'new'));
    assert.deepEqual([made.uid, made.gid], [3, 4]);
    // What follows is root's again.
    fs.writeFileSync(path.join(files, 'after'), '');
    assert.equal(fs.statSync(path.join(files, 'after')).uid, 0);
  } finally {
    fs.closeSync(userFd);
    fs.closeSync(networkFd);
    unmountDetach(shown);
    fs.rmSync(directory, { recursive: true });
  }
});
