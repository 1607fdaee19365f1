import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRemote, parseRemote } from '#compose/remote-address.ts';

describe('parseRemote', () => {
  it('knows repositories, references and paths', () => {
    assert.deepEqual(parseRemote('https://h.example/o/shop.git#v1:deep/./compose.yaml'), {
      repository: 'https://h.example/o/shop.git',
      ref: 'v1',
      path: 'deep/compose.yaml',
      name: 'shop',
    });
    assert.deepEqual(parseRemote('github.com/o/shop'), {
      repository: 'https://github.com/o/shop',
      ref: undefined,
      path: '',
      name: 'shop',
    });
    assert.equal(parseRemote('git@h.example:o/shop.git#:sub').path, 'sub');
    assert.equal(parseRemote('git://h.example:99/shop').name, 'shop');
  });

  const hostile: [string, RegExp][] = [
    ['https://h/r.git#:../../etc', /cannot lead out/],
    ['https://h/r.git#:.git/config', /git’s own/],
    ['https://h/r.git#--upload-pack=x', /no such repository/],
    ['ssh://-oProxyCommand=x/r', /no such repository/],
    ['git@-oProxyCommand=x:r', /no git repository/],
    ['https://h/a b.git', /no such repository/],
    ['ext::sh -c x', /no git repository/],
    ['file:///etc/r.git', /no git repository/],
    ['https://h/compose.yaml', /no git repository/],
    ['oci://h/app:1', /no git repository/],
  ];
  for (const [address, reason] of hostile) {
    it(`refuses ${address}`, () => assert.throws(() => parseRemote(address), reason));
  }

  it('takes paths of this machine for what they are', () => {
    for (const name of ['compose.yaml', './a', '/b', '~/c', '-', 'dir/github.com/x', 'C']) {
      assert.equal(isRemote(name), false, name);
    }
  });
});
