import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withServerAddress } from '#volume/local/server-address.ts';

const resolve = async (name: string): Promise<string> => {
  if (name !== 'server') throw new Error(`no such host: ${name}`);
  return '192.0.2.7';
};

test('the kernel gets the address of the server that the options or the device name', async () => {
  for (const [type, device, options, expected] of [
    ['nfs', ':/export', 'addr=server,rw', 'rw,addr=192.0.2.7'],
    ['nfs4', ':/export', 'addr=2001:db8::1,rw', 'addr=2001:db8::1,rw'],
    ['nfs', 'server:/export', 'addr=192.0.2.9', 'addr=192.0.2.9'],
    ['nfs', 'server:/export', '', 'addr=192.0.2.7'],
    ['nfs4', '[2001:db8::1]:/export', 'ro', 'ro,addr=2001:db8::1'],
    ['cifs', '//server/share', 'username=u,password=p', 'username=u,password=p,addr=192.0.2.7'],
    ['cifs', '//server/share', 'ip=192.0.2.9', 'ip=192.0.2.9'],
    ['cifs', '//other/share', 'ip=server', 'addr=192.0.2.7'],
    ['nfs', ':/export', 'rw', 'rw'],
    ['ext4', 'server:/export', 'addr=server', 'addr=server'],
  ] as const) {
    const mount = { kind: 'mount', type, device, options } as const;
    assert.equal(await withServerAddress(mount, resolve), expected, `${type} ${device} ${options}`);
  }
});

test('a server that nobody knows', async () => {
  const mount = { kind: 'mount', type: 'nfs', device: ':/export', options: 'addr=elsewhere' } as const;
  await assert.rejects(withServerAddress(mount, resolve), /no such host: elsewhere/);
});
