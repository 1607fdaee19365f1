import { Buffer } from 'node:buffer';
import { failure, type Query, recordTypes, responseCodes } from '#network/dns/message.ts';

/**
 * What a name server answered: whether it belongs to a query, how long it may be kept, and how it is given to another
 * client later.
 */
export interface Response {
  bytes: Buffer;
  code: number;
  truncated: boolean;
  /** How long it may be kept; 0: not at all. */
  keepSeconds: number;
  /** Where the times to live are, so that they can be counted down. */
  ttlOffsets: readonly number[];
}

const headerBytes = 12;
const typeSoa = 6;
const maximumKeepSeconds = 3600;
/** For names and records that do not exist (RFC 2308 lets it be much longer; here it is somebody's typing error). */
const maximumNegativeKeepSeconds = 60;

/** undefined when it is no answer to this query. */
export function readResponse(bytes: Buffer, id: number, query: Query): Response | undefined {
  if (bytes.length < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(2);
  if (bytes.readUInt16BE(0) !== id || (flags & 0xf800) !== 0x8000) return undefined;
  const code = flags & 0xf;
  const questions = bytes.readUInt16BE(4);
  // Servers that cannot read what they are asked, such as those from before EDNS, have no question to repeat.
  if (questions === 0 && code !== responseCodes.noError) return bareFailure(query, code);
  if (questions !== 1 || bytes.length < headerBytes + query.question.length) return undefined;
  if (!sameQuestion(bytes.subarray(headerBytes, headerBytes + query.question.length), query.question)) {
    return undefined;
  }
  const truncated = (flags & 0x0200) !== 0;
  const records = readRecords(bytes, headerBytes + query.question.length);
  const kept = records === undefined || truncated ? undefined : keepOf(bytes, code, records);
  return {
    bytes,
    code,
    truncated,
    keepSeconds: kept ?? 0,
    ttlOffsets: (records ?? [])
      .filter(({ type }) => type !== recordTypes.OPT)
      .map(({ ttlOffset }) => ttlOffset),
  };
}

function bareFailure(query: Query, code: number): Response {
  return { bytes: failure(query, code), code, truncated: false, keepSeconds: 0, ttlOffsets: [] };
}

/** The response as an answer to a query of the same question, some time later. */
export function adapt(response: Response, query: Query, ageSeconds: number): Buffer {
  const bytes = Buffer.from(response.bytes);
  bytes.writeUInt16BE(query.id, 0);
  query.question.copy(bytes, headerBytes);
  for (const offset of response.ttlOffsets) {
    bytes.writeUInt32BE(Math.max(0, bytes.readUInt32BE(offset) - ageSeconds), offset);
  }
  return bytes;
}

/** Letters may differ in case: some resolvers make them random to be harder to cheat. */
function sameQuestion(one: Buffer, other: Buffer): boolean {
  return one.toString('latin1').toLowerCase() === other.toString('latin1').toLowerCase();
}

interface RecordPlace {
  section: number;
  type: number;
  ttlOffset: number;
  dataOffset: number;
  dataLength: number;
}

/** undefined when it does not add up. */
function readRecords(bytes: Buffer, start: number): RecordPlace[] | undefined {
  const records: RecordPlace[] = [];
  let offset = start;
  for (const [section, at] of [6, 8, 10].entries()) {
    const count = bytes.readUInt16BE(at);
    for (let index = 0; index < count; index++) {
      const nameEnd = skipName(bytes, offset);
      if (nameEnd === undefined || nameEnd + 10 > bytes.length) return undefined;
      const dataLength = bytes.readUInt16BE(nameEnd + 8);
      const dataOffset = nameEnd + 10;
      if (dataOffset + dataLength > bytes.length) return undefined;
      records.push({
        section,
        type: bytes.readUInt16BE(nameEnd),
        ttlOffset: nameEnd + 4,
        dataOffset,
        dataLength,
      });
      offset = dataOffset + dataLength;
    }
  }
  return records;
}

/** Position behind a name, which may end in a pointer; what it points at does not matter here. */
function skipName(bytes: Buffer, start: number): number | undefined {
  let offset = start;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) return undefined;
    if ((length & 0xc0) === 0xc0) return offset + 2;
    if (length > 63) return undefined;
    offset += 1 + length;
    if (length === 0) return offset;
  }
}

function keepOf(bytes: Buffer, code: number, records: readonly RecordPlace[]): number | undefined {
  if (code !== responseCodes.noError && code !== responseCodes.nameError) return undefined;
  const answers = records.filter(({ section }) => section === 0);
  if (code === responseCodes.noError && answers.length > 0) {
    const ttls = answers.map(({ ttlOffset }) => bytes.readUInt32BE(ttlOffset));
    return Math.min(maximumKeepSeconds, ...ttls);
  }
  const soa = records.find(({ section, type }) => section === 1 && type === typeSoa);
  if (soa === undefined || soa.dataLength < 22) return undefined;
  // RFC 2308: the lesser of the record's own time and its last field.
  const minimum = bytes.readUInt32BE(soa.dataOffset + soa.dataLength - 4);
  return Math.min(maximumNegativeKeepSeconds, minimum, bytes.readUInt32BE(soa.ttlOffset));
}
