import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nextFreeAddress } from '#network/addresses/allocate.ts';
import { firstFree } from '#network/addresses/choose-free-subnet.ts';
import {
  bytesOfIp,
  contains,
  formatIp,
  formatSubnet,
  ipOfBytes,
  overlap,
  parseIp,
  parseSubnet,
} from '#network/addresses/ip.ts';
import { macOf, parseMac } from '#network/addresses/mac.ts';
import { parseSubnetSource, subnetsOf } from '#network/addresses/pools.ts';

function ip(text: string) {
  const parsed = parseIp(text);
  assert.ok(parsed, text);
  return parsed;
}

function subnet(text: string) {
  const parsed = parseSubnet(text);
  assert.ok(parsed, text);
  return parsed;
}

suite('addresses', () => {
  const cases: [string, string][] = [
    ['0.0.0.0', '0.0.0.0'],
    ['172.17.0.1', '172.17.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['fd00::', 'fd00::'],
    ['FD00:0:0:1::2', 'fd00:0:0:1::2'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ];
  for (const [text, canonical] of cases) {
    test(`${text} is written ${canonical}, and its bytes mean the same`, () => {
      assert.equal(formatIp(ip(text)), canonical);
      assert.deepEqual(ipOfBytes(bytesOfIp(ip(text))), ip(text));
    });
  }
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.0x4',
    ':::',
    '::1%eth0',
    '1::2::3',
    'fd00::12345',
  ]) {
    test(`${JSON.stringify(text)} is no address`, () => assert.equal(parseIp(text), undefined));
  }
});

suite('subnets', () => {
  for (const text of [
    '10.0.0.0',
    '10.0.0.1/24',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fd00::1/64',
    'fd00::/129',
  ]) {
    test(`${text} is none`, () => assert.equal(parseSubnet(text), undefined));
  }
  test('are written as they are read', () => {
    for (const text of ['192.168.0.0/22', 'fd00:1::/64', '0.0.0.0/0', '::/0']) {
      assert.equal(formatSubnet(subnet(text)), text);
    }
  });
  test('contain and overlap within their family', () => {
    assert.ok(contains(subnet('255.0.0.0/8'), ip('255.1.2.3')));
    assert.ok(!contains(subnet('0.0.0.0/0'), ip('::1')));
    assert.ok(overlap(subnet('10.0.0.0/8'), subnet('10.1.0.0/24')));
    assert.ok(!overlap(subnet('10.0.0.0/24'), subnet('10.0.1.0/24')));
    assert.ok(!overlap(subnet('0.0.0.0/0'), subnet('::/0')));
  });
  test('a source is cut into subnets of one size', () => {
    const source = parseSubnetSource('10.0.0.0/22,24');
    assert.ok(source);
    assert.deepEqual([...subnetsOf([source])].map(formatSubnet), [
      '10.0.0.0/24',
      '10.0.1.0/24',
      '10.0.2.0/24',
      '10.0.3.0/24',
    ]);
    assert.equal(parseSubnetSource('10.0.0.0/24,22'), undefined);
    assert.equal(parseSubnetSource('10.0.0.0/24'), undefined);
  });
});

suite('the first free subnet', () => {
  const candidates = ['172.17.0.0/22', '172.18.0.0/22'].map(subnet);
  const cases: [string[], string | undefined][] = [
    [[], '172.17.0.0/22'],
    [['172.17.0.0/16'], '172.18.0.0/22'],
    [['172.17.2.9/32'], '172.18.0.0/22'],
    [['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1'], '172.17.0.0/22'],
    [['172.16.0.0/12'], undefined],
  ];
  for (const [inUse, expected] of cases) {
    test(`beside ${inUse.join(', ') || 'nothing'} is ${expected ?? 'none'}`, () => {
      const chosen = firstFree(candidates, inUse.map(subnet));
      assert.equal(chosen && formatSubnet(chosen), expected);
    });
  }
});

suite('the next free address', () => {
  /** In 10.0.0.0/29: gateway .1, containers .2 to .6. */
  function next(last: number | undefined, used: number[], range?: string, reserved = [1]) {
    const base = ip('10.0.0.0').value;
    const address = nextFreeAddress({
      subnet: subnet('10.0.0.0/29'),
      range: range === undefined ? undefined : subnet(range),
      reserved: new Set(reserved.map((host) => base + BigInt(host))),
      last: last === undefined ? undefined : base + BigInt(last),
      usedFrom: (from) => used.map((host) => base + BigInt(host)).filter((host) => host >= from),
    });
    return address === undefined ? undefined : Number(address - base);
  }
  const cases: [string, number | undefined, number[], number | undefined][] = [
    ['is the first one behind the gateway', undefined, [], 2],
    ['comes behind the last one given, also when that is free again', 3, [2], 4],
    ['skips used ones', 3, [4, 5], 6],
    ['begins anew at the end', 6, [2, 3], 4],
    ['wraps over used ones', 4, [2, 5, 6], 3],
    ['does not exist when all are used', 4, [2, 3, 4, 5, 6], undefined],
  ];
  for (const [name, last, used, expected] of cases) {
    test(name, () => assert.equal(next(last, used), expected));
  }

  test('lies in the range, whose first and last address count', () => {
    assert.equal(next(undefined, [], '10.0.0.4/30'), 4);
    assert.equal(next(4, [5], '10.0.0.4/30'), 6);
    assert.equal(next(6, [4, 5, 6], '10.0.0.4/30'), undefined);
    assert.equal(next(undefined, [], '10.0.0.0/30'), 2);
  });
  test('is none of the reserved ones, also when several follow each other', () => {
    assert.equal(next(undefined, [4], undefined, [1, 2, 3]), 5);
    assert.equal(next(undefined, [2], undefined, [1, 3, 4]), 5);
  });

  test('agrees with the obvious search on random input', () => {
    for (let round = 0; round < 500; round++) {
      const used = [2, 3, 4, 5, 6].filter(() => Math.random() < 0.6);
      const last = 2 + Math.floor(Math.random() * 5);
      const order = [1, 2, 3, 4, 5].map((step) => ((last - 2 + step) % 5) + 2);
      const obvious = order.find((host) => !used.includes(host));
      assert.equal(next(last, used), obvious, `last ${last}, used ${used.join()}`);
    }
  });
});

suite('mac addresses', () => {
  test('are made from the last bytes of the address', () => {
    assert.equal(macOf(ip('172.17.0.2')), '02:42:ac:11:00:02');
    assert.equal(macOf(ip('fd00::1:2')), '02:42:00:01:00:02');
  });
  const cases: [string, string | undefined][] = [
    ['92:D0:C6:0A:29:33', '92:d0:c6:0a:29:33'],
    ['92-d0-c6-0a-29-33', '92:d0:c6:0a:29:33'],
    ['01:00:5e:00:00:01', undefined],
    ['00:00:00:00:00:00', undefined],
    ['92:d0:c6:0a:29', undefined],
    ['92:d0:c6:0a:29:3g', undefined],
  ];
  for (const [text, expected] of cases)
    test(`${text} is ${expected ?? 'refused'}`, () => assert.equal(parseMac(text), expected));
});
