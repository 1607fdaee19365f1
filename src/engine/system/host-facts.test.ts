import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesystemOf, parseOsRelease } from '#engine/system/host-facts.ts';

const mountinfo = [
  '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '40 27 0:30 / /var/lib rw,relatime shared:5 - xfs /dev/vdb rw',
  '41 27 0:31 / /var/lib-other rw - tmpfs tmpfs rw',
].join('\n');

test('host facts › the innermost mount decides, on whole path components', () => {
  assert.equal(filesystemOf('/var/lib/dhow', mountinfo), 'xfs');
  assert.equal(filesystemOf('/var/library', mountinfo), 'ext4');
  assert.equal(filesystemOf('/var/lib', mountinfo), 'xfs');
});

test('host facts › os-release values come with and without quotes', () => {
  const parsed = parseOsRelease(
    '# c\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID=\'12\'\nID=debian\n',
  );
  assert.deepEqual(parsed, { PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)', VERSION_ID: '12', ID: 'debian' });
});
