import { Buffer } from 'node:buffer';
import { encodeName } from '#network/dns/message.ts';

/** DNS messages for tests, made and read by plain code of their own. */
export const types = { A: 1, SOA: 6, MX: 15, PTR: 12, AAAA: 28, TXT: 16, ANY: 255 } as const;

export interface QueryOptions {
  id?: number;
  flags?: number;
  class?: number;
  /** EDNS: how much the client takes by UDP. */
  udpBytes?: number;
  /** EDNS options, such as a cookie. */
  ednsOptions?: Buffer;
}

export function makeQuery(name: string, type: keyof typeof types, options: QueryOptions = {}): Buffer {
  const { id = 0x1234, flags = 0x0100, udpBytes, ednsOptions = Buffer.alloc(0) } = options;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(udpBytes === undefined ? 0 : 1, 10);
  const question = Buffer.concat([
    encodeName(name) ?? Buffer.of(0),
    Buffer.of(0, types[type], 0, options.class ?? 1),
  ]);
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(41, 1);
  opt.writeUInt16BE(udpBytes ?? 0, 3);
  opt.writeUInt16BE(ednsOptions.length, 9);
  return Buffer.concat([header, question, ...(udpBytes === undefined ? [] : [opt, ednsOptions])]);
}

export interface RecordSpec {
  type: keyof typeof types;
  ttl: number;
  data: Buffer;
  section?: 'answer' | 'authority';
}

/** An answer to a query; the records' owner is the question's name. */
export function makeAnswer(
  query: Buffer,
  records: readonly RecordSpec[],
  change: { code?: number; truncated?: boolean; id?: number } = {},
): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const header = Buffer.from(query.subarray(0, 12));
  if (change.id !== undefined) header.writeUInt16BE(change.id, 0);
  header.writeUInt16BE(0x8180 | (change.truncated ? 0x0200 : 0) | (change.code ?? 0), 2);
  const ofSection = (section: string) => records.filter((each) => (each.section ?? 'answer') === section);
  header.writeUInt16BE(ofSection('answer').length, 6);
  header.writeUInt16BE(ofSection('authority').length, 8);
  header.writeUInt16BE(0, 10);
  const encoded = [...ofSection('answer'), ...ofSection('authority')].map(({ type, ttl, data }) => {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(types[type], 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(ttl, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, query.subarray(12, questionEnd), ...encoded]);
}

/** The data of a SOA record whose last field is `minimum`. */
export function soaData(minimum: number): Buffer {
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(minimum, 16);
  return Buffer.concat([Buffer.of(0), Buffer.of(0), numbers]);
}

export interface ReadAnswer {
  id: number;
  code: number;
  authoritative: boolean;
  truncated: boolean;
  /** Data of the answers: addresses as text, anything else as hexadecimal digits. */
  answers: string[];
  ttls: number[];
}

/** Reads an answer whose records own the question's name by a pointer. */
export function readAnswer(bytes: Buffer): ReadAnswer {
  const flags = bytes.readUInt16BE(2);
  const count = bytes.readUInt16BE(6);
  let offset = bytes.readUInt16BE(4) === 0 ? 12 : bytes.indexOf(0, 12) + 5;
  const answers: string[] = [];
  const ttls: number[] = [];
  for (let index = 0; index < count; index++) {
    const length = bytes.readUInt16BE(offset + 10);
    const data = bytes.subarray(offset + 12, offset + 12 + length);
    answers.push(length === 4 ? data.join('.') : data.toString('hex'));
    ttls.push(bytes.readUInt32BE(offset + 6));
    offset += 12 + length;
  }
  return {
    id: bytes.readUInt16BE(0),
    code: flags & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    answers,
    ttls,
  };
}
