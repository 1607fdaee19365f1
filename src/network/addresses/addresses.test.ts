import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nextFreeAddress } from '#network/addresses/allocate.ts';
import { firstFree } from '#network/addresses/choose-free-subnet.ts';
import {
  contains,
  formatIpv4,
  formatSubnet,
  overlap,
  parseIpv4,
  parseSubnet,
} from '#network/addresses/ipv4.ts';
import { macOf, parseMac } from '#network/addresses/mac.ts';

function subnet(text: string) {
  const parsed = parseSubnet(text);
  assert.ok(parsed, text);
  return parsed;
}

suite('ipv4', () => {
  for (const text of ['0.0.0.0', '172.17.0.1', '255.255.255.255']) {
    test(`${text} is read and written the same`, () => {
      assert.equal(formatIpv4(parseIpv4(text) ?? -1), text);
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
    '::1',
    '1.2.3.0x4',
  ]) {
    test(`${JSON.stringify(text)} is no address`, () => assert.equal(parseIpv4(text), undefined));
  }
  for (const text of ['10.0.0.0', '10.0.0.1/24', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1']) {
    test(`${text} is no subnet`, () => assert.equal(parseSubnet(text), undefined));
  }
  test('high subnets do not become negative', () => {
    assert.equal(formatSubnet(subnet('192.168.0.0/22')), '192.168.0.0/22');
    assert.ok(contains(subnet('255.0.0.0/8'), parseIpv4('255.1.2.3') ?? 0));
  });
  test('overlap', () => {
    assert.ok(overlap(subnet('10.0.0.0/8'), subnet('10.1.0.0/24')));
    assert.ok(!overlap(subnet('10.0.0.0/24'), subnet('10.0.1.0/24')));
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
  function next(last: number | undefined, used: number[]): number | undefined {
    const base = parseIpv4('10.0.0.0') ?? 0;
    const address = nextFreeAddress({
      subnet: subnet('10.0.0.0/29'),
      gateway: base + 1,
      last: last === undefined ? undefined : base + last,
      usedFrom: (from) => used.map((host) => base + host).filter((host) => host >= from),
    });
    return address === undefined ? undefined : address - base;
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
  test('are made from the IPv4 address', () => {
    assert.equal(macOf(parseIpv4('172.17.0.2') ?? 0), '02:42:ac:11:00:02');
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
