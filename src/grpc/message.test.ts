import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bool,
  bytes,
  int32,
  int64,
  many,
  mapOf,
  maybe,
  message,
  one,
  string,
  uint32,
} from '#grpc/message.ts';

const inner = message({ text: one(1, string), number: one(2, int64) });
const outer = message({
  name: one(1, string),
  data: one(2, bytes),
  flag: one(3, bool),
  small: one(4, int32),
  count: one(5, uint32),
  inner: maybe(6, inner),
  list: many(7, string),
  inners: many(8, inner),
  map: mapOf(9, string),
  messages: mapOf(10, inner),
});

test('what is encoded decodes to the same', () => {
  const value = outer.create({
    name: 'name ☂',
    data: Buffer.from([0, 1, 255]),
    flag: true,
    small: -5,
    count: 4_294_967_295,
    inner: { text: '', number: -1n },
    list: ['', 'a', ''],
    inners: [
      { text: 'x', number: 9_223_372_036_854_775_807n },
      { text: '', number: 0n },
    ],
    map: new Map([
      ['a', 'b'],
      ['empty', ''],
    ]),
    messages: new Map([['k', { text: 'v', number: 3n }]]),
  });
  const decoded = outer.decode(outer.encode(value));
  assert.deepEqual({ ...decoded, data: Buffer.from(decoded.data) }, value);
});

test('zero values take no room, and an empty message has them', () => {
  assert.equal(outer.encode(outer.create()).length, 0);
  assert.deepEqual(outer.decode(new Uint8Array()), outer.create());
});

test('the bytes are those of the specification', () => {
  // protobuf.dev/programming-guides/encoding: field 1 as "testing", field 2 as 150.
  const spec = message({ text: one(1, string), number: one(2, int64) });
  assert.equal(
    Buffer.from(spec.encode({ text: 'testing', number: 150n })).toString('hex'),
    '0a0774657374696e67109601',
  );
});

test('unknown fields are skipped', () => {
  const more = message({
    name: one(1, string),
    text: one(21, string),
    number: one(22, int64),
    inner: maybe(23, inner),
  });
  const encoded = more.encode({ name: 'n', text: 't', number: 1n, inner: { text: 'i', number: 1n } });
  assert.equal(outer.decode(encoded).name, 'n');
});

test('damage is refused', () => {
  for (const hex of [
    '0a',
    '0a05',
    '0affffffff0f',
    '08ff',
    '0801',
    '320508',
    'ffffffffffffffffffffff',
    '0a02c328',
  ]) {
    assert.throws(() => outer.decode(Buffer.from(hex, 'hex')), { kind: 'InvalidParameter' }, hex);
  }
});

test('time and memory grow with the message, whatever is repeated in it', () => {
  const list = Array.from({ length: 300_000 }, () => '');
  assert.equal(outer.decode(outer.encode({ list })).list.length, list.length);
  const map = new Map(Array.from({ length: 50_000 }, (_, index) => [String(index), '']));
  assert.deepEqual(outer.decode(outer.encode({ map })).map, map);
  assert.deepEqual([outer.create().list, outer.create().map], [[], new Map()]);
});
