import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDhowError } from '#errors/error.ts';
import {
  editHosts,
  readHostResolvConf,
  renderHostname,
  renderHosts,
  renderResolvConf,
} from '#network/host-files.ts';

const ipv6 = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

function refused(action: () => unknown, words: RegExp): void {
  assert.throws(
    action,
    (error) => isDhowError(error) && error.kind === 'InvalidParameter' && words.test(error.message),
  );
}

suite('hosts', () => {
  test('names the container by its own address, last', () => {
    const text = renderHosts({ hostname: 'web', addresses: ['172.17.0.2'], extraHosts: ['db:10.0.0.9'] });
    const lines = ['127.0.0.1\tlocalhost', ...ipv6, '10.0.0.9\tdb', '172.17.0.2\tweb', ''];
    assert.deepEqual(text.split('\n'), lines);
  });

  test('without an address there is no line for the container', () => {
    assert.equal(renderHosts({ hostname: 'web', ipv6Loopback: false }), '127.0.0.1\tlocalhost\n');
  });

  const names: [string, string | undefined, string][] = [
    ['web', undefined, 'web'],
    ['web', 'example.org', 'web.example.org web'],
    ['web.example.org', undefined, 'web.example.org web'],
  ];
  for (const [hostname, domainname, expected] of names) {
    test(`hostname ${hostname} with domain ${domainname ?? 'none'} gives ${expected}`, () => {
      const wish = domainname === undefined ? {} : { domainname };
      const text = renderHosts({ hostname, ...wish, addresses: ['172.17.0.2'] });
      assert.equal(text.trimEnd().split('\n').at(-1), `172.17.0.2\t${expected}`);
    });
  }

  test('host-gateway, IPv6 addresses and links', () => {
    const text = renderHosts({
      hostname: 'web',
      extraHosts: ['host.docker.internal:host-gateway', 'six:::1', 'seven:[fd00::7]'],
      hostGateways: ['172.17.0.1'],
      links: [{ names: ['db', 'store'], address: '172.17.0.5' }],
      ipv6Loopback: false,
    });
    const lines = ['172.17.0.1\thost.docker.internal', '::1\tsix', 'fd00::7\tseven', '172.17.0.5\tdb store'];
    assert.deepEqual(text.trimEnd().split('\n').slice(1), lines);
  });

  test('network mode host keeps the lines of the host', () => {
    const text = renderHosts({
      base: '127.0.1.1 machine\n\n',
      hostname: 'machine',
      extraHosts: ['a:1.2.3.4'],
    });
    assert.equal(text, '127.0.1.1 machine\n1.2.3.4\ta\n');
  });

  const wrong: [string, RegExp][] = [
    ['nocolon', /name:address/],
    ['name:', /invalid IP address/],
    ['name:1.2.3', /invalid IP address/],
    ['a b:1.2.3.4', /invalid add-host name/],
    ['evil\n6.6.6.6 bank:1.2.3.4', /invalid add-host name/],
    ['name:host-gateway', /host-gateway/],
  ];
  for (const [extra, words] of wrong) {
    test(`refuses extra host ${JSON.stringify(extra)}`, () => {
      refused(() => renderHosts({ hostname: 'web', extraHosts: [extra] }), words);
    });
  }

  test('changing some lines keeps what else is there', () => {
    const text = '127.0.0.1\tlocalhost\n# mine\n10.0.0.5 db old # of db\n10.0.0.6 other\n\n';
    const changed = editHosts(text, {
      remove: (_address, names) => names[0] === 'db',
      add: [{ address: '10.0.0.9', names: ['db', 'store'] }],
    });
    assert.equal(changed, '127.0.0.1\tlocalhost\n# mine\n10.0.0.6 other\n10.0.0.9\tdb store\n');
    refused(
      () => editHosts(text, { remove: () => false, add: [{ address: 'x', names: ['a'] }] }),
      /invalid IP address/,
    );
    refused(
      () => editHosts(text, { remove: () => false, add: [{ address: '::1', names: ['a\nb'] }] }),
      /hosts file/,
    );
  });

  test('a hostname with a line break is refused', () => {
    refused(() => renderHostname('a\nb'), /invalid hostname/);
    assert.equal(renderHostname('web'), 'web\n');
  });
});

suite('resolv.conf', () => {
  const host =
    '# made by hand\nnameserver 10.0.0.53 ; first\nnameserver ::1\nnameserver 127.0.0.1\nsearch lan corp\noptions ndots:2\n';

  test('keeps the name servers of the host that a container can reach', () => {
    assert.equal(renderResolvConf(host), 'nameserver 10.0.0.53\nsearch lan corp\noptions ndots:2\n');
  });

  test('falls back to public name servers when none can be reached', () => {
    for (const text of ['', 'nameserver 127.0.0.53\n', 'nameserver fd00::53\n']) {
      assert.equal(renderResolvConf(text), 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n');
    }
  });

  test('wishes replace the values of the host one by one', () => {
    assert.equal(
      renderResolvConf(host, { dns: ['127.0.0.1', 'fd00::1'] }),
      'nameserver 127.0.0.1\nnameserver fd00::1\nsearch lan corp\noptions ndots:2\n',
    );
    assert.equal(
      renderResolvConf(host, { search: ['.'], options: ['ndots:0', 'rotate'] }),
      'nameserver 10.0.0.53\noptions ndots:0 rotate\n',
    );
  });

  test('refuses what would break the file', () => {
    refused(() => renderResolvConf(host, { dns: ['dns.example.org'] }), /invalid IP address in DNS server/);
    refused(() => renderResolvConf(host, { search: ['a b'] }), /not a valid domain/);
    refused(() => renderResolvConf(host, { options: ['x\nnameserver 6.6.6.6'] }), /invalid DNS option/);
  });

  test('reads the servers behind systemd-resolved', () => {
    const files: Record<string, string> = {
      '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
      '/run/systemd/resolve/resolv.conf': 'nameserver 10.9.9.9\n',
    };
    assert.equal(
      readHostResolvConf((path) => files[path]),
      'nameserver 10.9.9.9\n',
    );
    assert.equal(
      readHostResolvConf((path) => (path === '/etc/resolv.conf' ? host : undefined)),
      host,
    );
    assert.equal(
      readHostResolvConf(() => undefined),
      '',
    );
  });
});
