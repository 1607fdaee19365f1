import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { editHosts, renderHostname, renderHosts } from '#network/host-files.ts';
import { refusedInput } from '#network/testing/refused.ts';

const standard = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

suite('hosts', () => {
  test('names the container by its own address, last', () => {
    const text = renderHosts({ hostname: 'web', addresses: ['172.17.0.2'], extraHosts: ['db:10.0.0.9'] });
    const lines = [...standard, '10.0.0.9\tdb', '172.17.0.2\tweb', ''];
    assert.deepEqual(text.split('\n'), lines);
  });

  test('without an address there is no line for the container', () => {
    assert.equal(renderHosts({ hostname: 'web' }), `${standard.join('\n')}\n`);
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
    });
    const lines = ['172.17.0.1\thost.docker.internal', '::1\tsix', 'fd00::7\tseven', '172.17.0.5\tdb store'];
    assert.deepEqual(text.trimEnd().split('\n').slice(standard.length), lines);
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
      refusedInput(() => renderHosts({ hostname: 'web', extraHosts: [extra] }), words);
    });
  }

  test('changing some lines keeps what else is there', () => {
    const text = '127.0.0.1\tlocalhost\n# mine\n10.0.0.5 db old # of db\n10.0.0.6 other\n\n';
    const changed = editHosts(text, {
      remove: (_address, names) => names[0] === 'db',
      add: [{ address: '10.0.0.9', names: ['db', 'store'] }],
    });
    assert.equal(changed, '127.0.0.1\tlocalhost\n# mine\n10.0.0.6 other\n10.0.0.9\tdb store\n');
    refusedInput(
      () => editHosts(text, { remove: () => false, add: [{ address: 'x', names: ['a'] }] }),
      /invalid IP address/,
    );
    refusedInput(
      () => editHosts(text, { remove: () => false, add: [{ address: '::1', names: ['a\nb'] }] }),
      /hosts file/,
    );
  });

  test('a hostname with a line break is refused', () => {
    refusedInput(() => renderHostname('a\nb'), /invalid hostname/);
    assert.equal(renderHostname('web'), 'web\n');
  });
});
