import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatIp } from '#network/addresses/ip.ts';
import { createAnswerCache } from '#network/dns/cache.ts';
import { encodeAnswer, type Query, readQuery, recordTypes, tooLong } from '#network/dns/message.ts';
import { adapt, readResponse } from '#network/dns/response.ts';
import { parseReverseName } from '#network/dns/reverse-name.ts';
import { makeAnswer, makeQuery, readAnswer, soaData } from '#network/testing/dns-message.ts';

function query(bytes: Buffer): Query {
  const read = readQuery(bytes);
  assert.ok(read && 'query' in read);
  return read.query;
}

suite('queries', () => {
  test('are read, with names in lower case', () => {
    const { question, ...rest } = query(makeQuery('Web.Example', 'AAAA', { udpBytes: 1232 }));
    assert.deepEqual(rest, {
      id: 0x1234,
      name: 'web.example',
      type: 28,
      class: 1,
      recursionDesired: true,
      checkingDisabled: false,
      edns: { dnssec: false, hasOptions: false },
      udpBytes: 1232,
    });
    assert.equal(question.toString('latin1', 0, 5), '\x03Web\x07');
  });

  test('take at least 512 bytes by UDP, and no more than is sane', () => {
    assert.equal(query(makeQuery('a', 'A')).udpBytes, 512);
    assert.equal(query(makeQuery('a', 'A', { udpBytes: 10 })).udpBytes, 512);
    assert.equal(query(makeQuery('a', 'A', { udpBytes: 65535 })).udpBytes, 4096);
  });

  test('cannot smuggle dots and control characters into names', () => {
    const bytes = makeQuery('a.b', 'A');
    bytes[14] = 0x2e;
    assert.equal(query(makeQuery('abc', 'A')).name, 'abc');
    const label = Buffer.concat([
      makeQuery('a', 'A').subarray(0, 12),
      Buffer.from('\x03a.\n\x00\x00\x01\x00\x01'),
    ]);
    assert.equal(query(label).name, 'a\\046\\010');
  });

  const change = (edit: (bytes: Buffer) => void) => (bytes: Buffer) => {
    edit(bytes);
    return bytes;
  };
  const malformed: [string, (bytes: Buffer) => Buffer, number | undefined][] = [
    ['a response', change((bytes) => bytes.writeUInt16BE(0x8180, 2)), undefined],
    ['half a header', (bytes) => bytes.subarray(0, 11), undefined],
    ['another operation', change((bytes) => bytes.writeUInt16BE(0x2800, 2)), 4],
    ['no question', change((bytes) => bytes.writeUInt16BE(0, 4)), 1],
    ['two questions', change((bytes) => bytes.writeUInt16BE(2, 4)), 1],
    ['a pointer for a name', change((bytes) => bytes.writeUInt8(0xc0, 12)), 1],
    ['a label past the end', change((bytes) => bytes.writeUInt8(63, 12)), 1],
    ['a question without its type', (bytes) => bytes.subarray(0, bytes.length - 3), 1],
    ['an additional record past the end', change((bytes) => bytes.writeUInt16BE(1, 10)), 1],
  ];
  for (const [name, spoil, code] of malformed) {
    test(`${name}: ${code === undefined ? 'no answer' : `error ${code}`}`, () => {
      const read = readQuery(spoil(makeQuery('abc', 'A')));
      if (code === undefined) assert.equal(read, undefined);
      else assert.ok(read && 'refusal' in read && readAnswer(read.refusal).code === code);
    });
  }

  test('of random bytes never throw, and never answer with more than a header', () => {
    for (let round = 0; round < 5000; round++) {
      const bytes = makeQuery('web.example.test', 'A', { udpBytes: 1232 });
      for (let change = 0; change < 1 + (round % 8); change++) {
        bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
      }
      const read = readQuery(bytes.subarray(0, Math.floor(Math.random() * (bytes.length + 1))));
      if (read && 'refusal' in read) assert.equal(read.refusal.length, 12);
    }
  });
});

suite('answers', () => {
  const asked = query(makeQuery('Web', 'A', { udpBytes: 512 }));
  const records = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      type: recordTypes.A,
      ttlSeconds: 5,
      data: Buffer.of(10, 0, index >> 8, index & 0xff),
    }));

  test('repeat the question to the letter', () => {
    const bytes = encodeAnswer(asked, { code: 0, authoritative: true, records: records(2) }, 512);
    assert.ok(bytes.includes('Web'));
    const read = readAnswer(bytes);
    assert.deepEqual([read.answers, read.ttls, read.truncated], [['10.0.0.0', '10.0.0.1'], [5, 5], false]);
  });

  test('that do not fit say so, and keep what fits', () => {
    const bytes = encodeAnswer(asked, { code: 0, authoritative: true, records: records(100) }, 512);
    assert.ok(bytes.length <= 512);
    const read = readAnswer(bytes);
    assert.ok(read.truncated);
    assert.equal(read.answers.length, 30);
    assert.deepEqual(readAnswer(tooLong(asked)).truncated, true);
  });
});

suite('responses of name servers', () => {
  const message = makeQuery('example.test', 'A');
  const asked = query(message);
  const address = { type: 'A', ttl: 100, data: Buffer.of(192, 0, 2, 1) } as const;
  const keep = (bytes: Buffer) => readResponse(bytes, 7, asked)?.keepSeconds;

  test('are kept as long as the shortest of their records, and no longer than an hour', () => {
    assert.equal(keep(makeAnswer(message, [address, { ...address, ttl: 30 }], { id: 7 })), 30);
    assert.equal(keep(makeAnswer(message, [{ ...address, ttl: 999_999 }], { id: 7 })), 3600);
    assert.equal(keep(makeAnswer(message, [{ ...address, ttl: 0 }], { id: 7 })), 0);
  });

  test('that something does not exist are kept for as long as its zone says, and no longer than a minute', () => {
    const soa = (minimum: number) =>
      ({ type: 'SOA', ttl: 900, data: soaData(minimum), section: 'authority' }) as const;
    assert.equal(keep(makeAnswer(message, [soa(20)], { id: 7, code: 3 })), 20);
    assert.equal(keep(makeAnswer(message, [soa(900)], { id: 7 })), 60);
    assert.equal(keep(makeAnswer(message, [], { id: 7, code: 3 })), 0);
  });

  test('that are failures, or cut, are not kept', () => {
    assert.equal(keep(makeAnswer(message, [address], { id: 7, code: 2 })), 0);
    assert.equal(keep(makeAnswer(message, [address], { id: 7, truncated: true })), 0);
  });

  test('of another id or question are none', () => {
    assert.equal(readResponse(makeAnswer(message, [address], { id: 8 }), 7, asked), undefined);
    const other = makeAnswer(makeQuery('examplE.tesu', 'A'), [address], { id: 7 });
    assert.equal(readResponse(other, 7, asked), undefined);
    assert.equal(readResponse(message, 0x1234, asked), undefined);
    const spelt = makeAnswer(makeQuery('eXAMPLE.test', 'A'), [address], { id: 7 });
    assert.ok(readResponse(spelt, 7, asked));
  });

  test('that are failures may be without the question', () => {
    const bare = (flags: number) => Buffer.from([0, 7, flags >> 8, flags & 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    const response = readResponse(bare(0x8181), 7, asked);
    assert.ok(response);
    const answer = readAnswer(adapt(response, asked, 0));
    assert.deepEqual([answer.id, answer.code, response.keepSeconds], [asked.id, 1, 0]);
    assert.equal(readResponse(bare(0x8180), 7, asked), undefined);
  });

  test('are given to another client with its id, its spelling and the time that is left', () => {
    const response = readResponse(makeAnswer(message, [address], { id: 7 }), 7, asked);
    assert.ok(response);
    const later = query(makeQuery('EXAMPLE.TEST', 'A', { id: 99 }));
    const bytes = adapt(response, later, 40);
    assert.ok(bytes.includes('EXAMPLE'));
    assert.deepEqual([readAnswer(bytes).id, readAnswer(bytes).ttls], [99, [60]]);
  });

  test('of random bytes never throw', () => {
    for (let round = 0; round < 5000; round++) {
      const bytes = makeAnswer(message, [address, address], { id: 7 });
      for (let change = 0; change < 1 + (round % 8); change++) {
        bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
      }
      readResponse(bytes.subarray(0, Math.floor(Math.random() * (bytes.length + 1))), 7, asked);
    }
  });
});

suite('the cache', () => {
  const message = makeQuery('example.test', 'A');
  const make = (ttl: number) => {
    const record = { type: 'A', ttl, data: Buffer.of(192, 0, 2, 1) } as const;
    const response = readResponse(makeAnswer(message, [record], { id: 7 }), 7, query(message));
    assert.ok(response);
    return response;
  };

  test('forgets what has become old', () => {
    let time = 0;
    const cache = createAnswerCache(() => time);
    cache.set('a', make(10));
    time = 9_999;
    assert.equal(cache.get('a')?.ageSeconds, 9);
    time = 10_000;
    assert.equal(cache.get('a'), undefined);
  });

  test('keeps a bounded number, and of those what is asked for', () => {
    const cache = createAnswerCache(() => 0);
    for (let index = 0; index < 10_000; index++) {
      cache.set(`name${index}`, make(10));
      cache.get('name0');
    }
    assert.ok(cache.get('name0'));
    assert.ok(cache.get('name9999'));
    assert.equal(cache.get('name1'), undefined);
  });
});

suite('reverse names', () => {
  const six = `${'2.'}${'0.'.repeat(29)}d.f.ip6.arpa`;
  const cases: [string, string | undefined][] = [
    ['2.0.17.172.in-addr.arpa', '172.17.0.2'],
    [six, 'fd00::2'],
    ['256.0.17.172.in-addr.arpa', undefined],
    ['0.17.172.in-addr.arpa', undefined],
    ['2.0.17.172.in-addr.arpa.example', undefined],
    ['web', undefined],
  ];
  for (const [name, expected] of cases) {
    test(`${name} is ${expected ?? 'none'}`, () => {
      const address = parseReverseName(name);
      assert.equal(address && formatIp(address), expected);
    });
  }
});
