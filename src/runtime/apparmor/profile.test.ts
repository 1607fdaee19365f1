import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderProfile } from '#runtime/apparmor/profile.ts';

test('the daemon’s own confinement is a peer, letter by letter', () => {
  const text = renderProfile({ name: 'box', daemonLabel: '/opt/{a,b}*//&"c"', pinned: true });
  assert.match(text, /^abi <abi\/3\.0>,\n/);
  assert.ok(text.includes(String.raw`signal receive peer="{unconfined,crun,runc,/opt/\{a\,b\}\*//&\"c\"}"`));
  assert.ok(!renderProfile({ name: 'box', daemonLabel: 'unconfined', pinned: false }).includes('abi <'));
});
