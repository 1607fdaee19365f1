import { Buffer } from 'node:buffer';

/**
 * DNS messages: queries are read, answers are made. Specification: RFC 1035 (messages), RFC 6891 (EDNS). Everything that
 * comes from a container is hostile until it was read here.
 */
export const recordTypes = { A: 1, PTR: 12, AAAA: 28, OPT: 41, ANY: 255 } as const;
export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;
export const classInternet = 1;

const headerBytes = 12;
const maximumNameBytes = 255;
/** What a client takes by UDP that does not say (RFC 1035). */
const minimumUdpBytes = 512;
/** More than this would be fragmented on the way in many networks; on a loopback device it is a bound. */
const maximumUdpBytes = 4096;

export interface Query {
  id: number;
  /** As asked, in lower case, without the last dot; bytes that are no letters of names are escaped. */
  name: string;
  type: number;
  class: number;
  recursionDesired: boolean;
  checkingDisabled: boolean;
  edns: { dnssec: boolean; hasOptions: boolean } | undefined;
  /** How long an answer by UDP may be. */
  udpBytes: number;
  /** The question as it was sent: the answer repeats it to the letter. */
  question: Buffer;
}

export interface Answer {
  code: number;
  /** By whom the name is known: Dhow, or nobody. */
  authoritative: boolean;
  records: readonly ResourceRecord[];
}

/** The owner is the name that was asked for. */
export interface ResourceRecord {
  type: number;
  ttlSeconds: number;
  data: Uint8Array;
}

/** A query, or the error to answer, or undefined when there is nothing to answer to. */
export type ReadResult = { query: Query } | { refusal: Buffer } | undefined;

export function readQuery(message: Buffer): ReadResult {
  if (message.length < headerBytes) return undefined;
  const flags = message.readUInt16BE(2);
  const isResponse = (flags & 0x8000) !== 0;
  if (isResponse) return undefined;
  const refuse = (code: number): ReadResult => ({ refusal: bareAnswer(message, code) });
  if (((flags >> 11) & 0xf) !== 0) return refuse(responseCodes.notImplemented);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  if (questions !== 1 || answers !== 0 || authorities !== 0 || (additionals ?? 0) > 2) {
    return refuse(responseCodes.formatError);
  }
  const name = readQuestionName(message);
  if (name === undefined || name.end + 4 > message.length) return refuse(responseCodes.formatError);
  const questionEnd = name.end + 4;
  const edns = readEdns(message, questionEnd, additionals ?? 0);
  if (edns === 'malformed') return refuse(responseCodes.formatError);
  return {
    query: {
      id: message.readUInt16BE(0),
      name: name.text,
      type: message.readUInt16BE(name.end),
      class: message.readUInt16BE(name.end + 2),
      recursionDesired: (flags & 0x0100) !== 0,
      checkingDisabled: (flags & 0x0010) !== 0,
      edns: edns && { dnssec: edns.dnssec, hasOptions: edns.hasOptions },
      udpBytes: Math.min(Math.max(edns?.udpBytes ?? 0, minimumUdpBytes), maximumUdpBytes),
      question: Buffer.from(message.subarray(headerBytes, questionEnd)),
    },
  };
}

/**
 * The bytes of an answer.
 * @param limit what does not fit is left out, and the answer says so
 */
export function encodeAnswer(query: Query, answer: Answer, limit: number): Buffer {
  const opt = query.edns === undefined ? [] : [optRecord(query.edns.dnssec)];
  const fixed = headerBytes + query.question.length + opt.reduce((sum, { length }) => sum + length, 0);
  const records: Buffer[] = [];
  let length = fixed;
  for (const record of answer.records) {
    const bytes = encodeRecord(record);
    if (length + bytes.length > limit) break;
    records.push(bytes);
    length += bytes.length;
  }
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(
    0x8000 |
      (answer.authoritative ? 0x0400 : 0) |
      (records.length < answer.records.length ? 0x0200 : 0) |
      (query.recursionDesired ? 0x0100 : 0) |
      0x0080 |
      (query.checkingDisabled ? 0x0010 : 0) |
      answer.code,
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(opt.length, 10);
  return Buffer.concat([header, query.question, ...records, ...opt]);
}

export function failure(query: Query, code: number): Buffer {
  return encodeAnswer(query, { code, authoritative: false, records: [] }, minimumUdpBytes);
}

/** An answer that says nothing but that it is too long for UDP. */
export function tooLong(query: Query): Buffer {
  const bytes = failure(query, responseCodes.noError);
  bytes.writeUInt16BE(bytes.readUInt16BE(2) | 0x0200, 2);
  return bytes;
}

/** A name as labels with their lengths, for the data of a PTR record; undefined when a label or the name is too long. */
export function encodeName(name: string): Buffer | undefined {
  const labels = name.split('.').map((label) => Buffer.from(label));
  if (labels.some(({ length }) => length === 0 || length > 63)) return undefined;
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  return bytes.length > maximumNameBytes ? undefined : bytes;
}

/** The id, the flags that a client sent, and the error; a question that cannot be read is not repeated. */
function bareAnswer(message: Buffer, code: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  message.copy(header, 0, 0, 4);
  header.writeUInt16BE((message.readUInt16BE(2) & 0x7900) | 0x8080 | code, 2);
  return header;
}

function readQuestionName(message: Buffer): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let offset = headerBytes;
  for (;;) {
    const length = message[offset];
    // The two highest bits would make it a pointer, which has nothing to point at in a question.
    if (length === undefined || length > 63 || offset + 1 + length > message.length) return undefined;
    offset += 1;
    if (offset + length - headerBytes > maximumNameBytes) return undefined;
    if (length === 0) return { text: labels.join('.'), end: offset };
    labels.push(readLabel(message.subarray(offset, offset + length)));
    offset += length;
  }
}

function readLabel(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte).toLowerCase() : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

interface Edns {
  udpBytes: number;
  dnssec: boolean;
  hasOptions: boolean;
}

/** The OPT record among the additional ones, which must be plain: root name, then type, class, TTL, length. */
function readEdns(message: Buffer, start: number, count: number): Edns | undefined | 'malformed' {
  let found: Edns | undefined;
  let offset = start;
  for (let index = 0; index < count; index++) {
    if (offset + 11 > message.length || message[offset] !== 0) return index === 0 ? 'malformed' : found;
    const type = message.readUInt16BE(offset + 1);
    const length = message.readUInt16BE(offset + 9);
    if (offset + 11 + length > message.length) return 'malformed';
    if (type === recordTypes.OPT) {
      found = {
        udpBytes: message.readUInt16BE(offset + 3),
        dnssec: (message.readUInt16BE(offset + 7) & 0x8000) !== 0,
        hasOptions: length > 0,
      };
    }
    offset += 11 + length;
  }
  return found;
}

function optRecord(dnssec: boolean): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.writeUInt16BE(recordTypes.OPT, 1);
  bytes.writeUInt16BE(maximumUdpBytes, 3);
  bytes.writeUInt16BE(dnssec ? 0x8000 : 0, 7);
  return bytes;
}

/** The owner is a pointer to the question's name. */
function encodeRecord({ type, ttlSeconds, data }: ResourceRecord): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(0xc000 | headerBytes, 0);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt16BE(classInternet, 4);
  bytes.writeUInt32BE(ttlSeconds, 6);
  bytes.writeUInt16BE(data.length, 10);
  return Buffer.concat([bytes, data]);
}
