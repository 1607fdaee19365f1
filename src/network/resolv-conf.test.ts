import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readHostResolvConf, renderResolvConf } from '#network/resolv-conf.ts';
import { refusedInput } from '#network/testing/refused.ts';

suite('resolv.conf', () => {
  const host =
    '# made by hand\nnameserver 10.0.0.53 ; first\nnameserver ::1\nnameserver 127.0.0.1\nsearch lan corp\noptions ndots:2\n';

  test('keeps the name servers of the host that a container can reach', () => {
    assert.equal(renderResolvConf(host), 'nameserver 10.0.0.53\nsearch lan corp\noptions ndots:2\n');
  });

  test('keeps those of IPv6 for a container that has it, but for those of loopback and of one link', () => {
    const text = 'nameserver fd00::53\nnameserver ::1\nnameserver fe80::1%eth0\nnameserver 10.0.0.53\n';
    assert.equal(renderResolvConf(text, { ipv6: true }), 'nameserver fd00::53\nnameserver 10.0.0.53\n');
  });

  test('keeps all for a container with the host’s network, and adds none', () => {
    assert.equal(
      renderResolvConf(host, { sharesHost: true }),
      'nameserver 10.0.0.53\nnameserver ::1\nnameserver 127.0.0.1\nsearch lan corp\noptions ndots:2\n',
    );
    assert.equal(renderResolvConf('search lan\n', { sharesHost: true }), 'search lan\n');
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
    refusedInput(
      () => renderResolvConf(host, { dns: ['dns.example.org'] }),
      /invalid IP address in DNS server/,
    );
    refusedInput(() => renderResolvConf(host, { search: ['a b'] }), /not a valid domain/);
    refusedInput(() => renderResolvConf(host, { options: ['x\nnameserver 6.6.6.6'] }), /invalid DNS option/);
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
