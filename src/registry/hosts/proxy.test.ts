import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProxyFor } from '#registry/hosts/proxy.ts';

const proxies = { httpProxy: 'http://plain:1', httpsProxy: 'https://encrypted:2' };

function isExempt(noProxy: string, url: string): boolean {
  return createProxyFor({ ...proxies, noProxy })(new URL(url)) === undefined;
}

describe('a proxy', () => {
  it('is that of the scheme', () => {
    const proxyFor = createProxyFor(proxies);
    assert.equal(proxyFor(new URL('http://r.test/'))?.['HTTP_PROXY'], 'http://plain:1');
    assert.equal(proxyFor(new URL('https://r.test/'))?.['HTTPS_PROXY'], 'https://encrypted:2');
    assert.equal(createProxyFor({ httpProxy: 'http://plain:1' })(new URL('https://r.test/')), undefined);
  });

  it('needs no scheme', () => {
    const proxyFor = createProxyFor({ httpsProxy: 'proxy.test:3128' });
    assert.equal(proxyFor(new URL('https://r.test/'))?.['HTTPS_PROXY'], 'http://proxy.test:3128');
  });

  it('of a kind that is not spoken is not passed by', () => {
    for (const httpsProxy of ['socks5://u:secret@proxy.test', 'http://']) {
      assert.throws(() => createProxyFor({ httpsProxy })(new URL('https://r.test/')), {
        kind: 'Unsupported',
        message: /only http and https/,
      });
    }
  });
});

describe('NO_PROXY', () => {
  const cases: [entry: string, exempt: string[], others: string[]][] = [
    ['', ['http://localhost/', 'http://127.9.9.9/', 'http://[::1]:5000/'], ['http://r.test/']],
    ['*', ['http://r.test/', 'http://10.0.0.1/'], []],
    ['r.test', ['https://r.test/', 'https://r.test:5000/', 'https://a.b.r.test/'], ['https://ar.test/']],
    ['.r.test', ['https://a.r.test/'], ['https://r.test/', 'https://ar.test/']],
    ['*.r.test', ['https://a.r.test/'], ['https://r.test/']],
    ['r.test:5000', ['https://r.test:5000/', 'https://a.r.test:5000/'], ['https://r.test/']],
    ['r.test:443', ['https://r.test/'], ['http://r.test/']],
    ['R.Test', ['https://r.test/'], []],
    ['10.0.0.0/8', ['https://10.1.2.3:5000/'], ['https://11.1.2.3/', 'https://10.r.test/']],
    ['fd00::/8', ['https://[fd12::1]/'], ['https://[fe80::1]/', 'https://10.0.0.1/']],
    ['10.0.0.1', ['https://10.0.0.1:5000/'], ['https://10.0.0.11/']],
    ['10.0.0.1:80', ['http://10.0.0.1/'], ['https://10.0.0.1/']],
    ['fd00::1', ['https://[fd00::1]:5000/'], ['https://[fd00::2]/']],
    ['[fd00::1]:5000', ['https://[fd00::1]:5000/'], ['https://[fd00::1]/']],
    [' a.test , b.test ', ['https://a.test/', 'https://b.test/'], ['https://c.test/']],
    ['10.0.0.0/99,.,*.,:80,/8', [], ['https://10.0.0.1/', 'http://r.test/']],
  ];
  for (const [entry, exempt, others] of cases) {
    it(`"${entry}"`, () => {
      for (const url of exempt) assert.ok(isExempt(entry, url), url);
      for (const url of others) assert.ok(!isExempt(entry, url), url);
    });
  }
});
