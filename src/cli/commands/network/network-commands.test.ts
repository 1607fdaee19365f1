import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { command as networkConnect } from '#cli/commands/network/connect.ts';
import { command as networkCreate } from '#cli/commands/network/create.ts';
import { readPools } from '#cli/commands/network/pools.ts';
import { command as networkPrune } from '#cli/commands/network/prune.ts';
import { command as networkRemove } from '#cli/commands/network/rm.ts';
import { runCommand } from '#cli/testing/fake-context.ts';
import type { NetworkCreateRequest } from '#wire/networks.ts';

suite('network create', () => {
  const answers = { 'POST /networks/create': { status: 201, body: { Id: 'abc', Warning: 'one\ntwo' } } };

  test('sends every option, and prints the id and the warnings', async () => {
    const result = await runCommand(networkCreate, {
      answers,
      operands: ['net'],
      options: {
        'aux-address': [['router', '10.1.0.5']],
        gateway: [['10.1.0.1']],
        internal: true,
        'ip-range': [['10.1.0.0/25']],
        ipv6: true,
        label: ['a=b=c', 'd'],
        opt: [['com.docker.network.driver.mtu', '1400']],
        subnet: [['10.1.0.0/24']],
      },
    });
    assert.equal(result.stdout, 'abc\n');
    assert.equal(result.stderr, 'WARNING: one\nWARNING: two\n');
    assert.deepEqual(result.calls[0]?.body, {
      Name: 'net',
      CheckDuplicate: true,
      Driver: 'bridge',
      Internal: true,
      Attachable: false,
      EnableIPv6: true,
      IPAM: {
        Driver: 'default',
        Options: {},
        Config: [
          {
            Subnet: '10.1.0.0/24',
            IPRange: '10.1.0.0/25',
            Gateway: '10.1.0.1',
            AuxiliaryAddresses: { router: '10.1.0.5' },
          },
        ],
      },
      Options: { 'com.docker.network.driver.mtu': '1400' },
      Labels: { a: 'b=c', d: '' },
    });
  });

  test('sends what templates are made with, and made from', async () => {
    const bodyFor = async (options: Record<string, string | boolean>) =>
      (await runCommand(networkCreate, { answers, operands: ['net'], options })).calls[0]?.body;
    const template = (await bodyFor({ 'config-only': true })) as NetworkCreateRequest;
    assert.deepEqual([template.ConfigOnly, template.ConfigFrom], [true, undefined]);
    const made = (await bodyFor({ 'config-from': 'plan' })) as NetworkCreateRequest;
    assert.deepEqual([made.ConfigOnly, made.ConfigFrom], [undefined, { Network: 'plan' }]);
  });
});

suite('pools', () => {
  const none = { subnets: [], ranges: [], gateways: [], auxiliary: [] };

  test('of two families get what lies in them', () => {
    assert.deepEqual(
      readPools({
        subnets: ['10.0.0.0/24', 'fd00::/64'],
        ranges: ['fd00::/80'],
        gateways: ['fd00::1', '10.0.0.9'],
        auxiliary: [['a', '10.0.0.5']],
      }),
      [
        { Subnet: '10.0.0.0/24', Gateway: '10.0.0.9', AuxiliaryAddresses: { a: '10.0.0.5' } },
        { Subnet: 'fd00::/64', IPRange: 'fd00::/80', Gateway: 'fd00::1' },
      ],
    );
  });

  const subnets = ['10.0.0.0/24', '10.0.1.0/24'];
  const wrong: [Partial<Parameters<typeof readPools>[0]>, RegExp][] = [
    [{ gateways: ['10.0.0.1'] }, /^every ip-range or gateway must have a corresponding subnet$/],
    [{ subnets, gateways: ['10.1.0.1'] }, /^no matching subnet for gateway 10\.1\.0\.1$/],
    [{ subnets, ranges: ['10.1.0.0/25'] }, /^no matching subnet for range 10\.1\.0\.0\/25$/],
    [{ subnets, auxiliary: [['a', 'x']] }, /^no matching subnet for aux-address x$/],
    [{ subnets: ['10.0.0.0/24', '10.0.0.128/25'] }, /^multiple overlapping subnet configuration/],
    [
      { subnets, gateways: ['10.0.0.1', '10.0.0.2'] },
      /^cannot configure multiple gateways \(10\.0\.0\.2, 10\.0\.0\.1\)/,
    ],
    [{ subnets, ranges: ['10.0.0.0/25', '10.0.0.0/26'] }, /^cannot configure multiple ranges/],
  ];
  for (const [options, words] of wrong) {
    test(`${JSON.stringify(options)} is refused`, () =>
      assert.throws(() => readPools({ ...none, ...options }), { message: words }));
  }

  test('a subnet that is none is left to the daemon', () => {
    assert.deepEqual(readPools({ ...none, subnets: ['all/9', '10.0.0.0/99'] }), [
      { Subnet: 'all/9' },
      { Subnet: '10.0.0.0/99' },
    ]);
  });
});

test('network connect sends what was given', async () => {
  const result = await runCommand(networkConnect, {
    answers: { 'POST /networks/n/connect': { status: 200 } },
    operands: ['n', 'c'],
    options: { alias: ['x', 'y'], ip: '10.0.0.5', 'gw-priority': -1, 'link-local-ip': ['169.254.1.1'] },
  });
  assert.equal(result.code, 0);
  assert.deepEqual(result.calls[0]?.body, {
    Container: 'c',
    EndpointConfig: {
      IPAMConfig: { IPv4Address: '10.0.0.5', LinkLocalIPs: ['169.254.1.1'] },
      Aliases: ['x', 'y'],
      GwPriority: -1,
    },
  });
});

test('network rm goes on after a failure, and with --force a missing network is none', async () => {
  const answers = { 'DELETE /networks/b': { status: 204 } };
  const strict = await runCommand(networkRemove, { answers, operands: ['a', 'b'] });
  assert.deepEqual([strict.code, strict.stdout], [1, 'b\n']);
  const forced = await runCommand(networkRemove, { answers, operands: ['a', 'b'], options: { force: true } });
  assert.deepEqual([forced.code, forced.stdout, forced.stderr], [0, 'b\n', '']);
});

test('network prune asks first, and prints what it removed', async () => {
  const answers = { 'POST /networks/prune': { body: { NetworksDeleted: ['one'] } } };
  const refused = await runCommand(networkPrune, { answers, stdin: 'n\n' });
  assert.deepEqual([refused.calls, refused.thrown], [[], 'network prune has been cancelled']);
  const done = await runCommand(networkPrune, { answers, options: { force: true } });
  assert.equal(done.stdout, 'Deleted Networks:\none\n\n');
});
