import { malformed } from '#archive/tar/malformed.ts';

/** POSIX.1-2017 pax, "pax Extended Header": records of the form `<length> <key>=<value>\n`. */
export interface PaxRecords {
  /** Last value of each key. An empty value takes the key back. */
  values: Map<string, Buffer>;
  /** GNU's sparse format 0.0 repeats `offset` and `numbytes` for each segment; here in order, flat. */
  sparsePairs: number[];
}

/** Every entry is read with all global records beside its own; the largest honest headers have some dozens. */
const maxRecords = 1000;
/** They stay for the whole archive. */
const maxGlobalBytes = 1 << 20;

export function noRecords(): PaxRecords {
  return { values: new Map(), sparsePairs: [] };
}

export function parsePax(bytes: Buffer): PaxRecords {
  const records = noRecords();
  let position = 0;
  while (position < bytes.length) {
    // Some writers pad the last record with NULs.
    if (bytes[position] === 0) break;
    const blank = bytes.indexOf(0x20, position);
    const digits = blank === -1 ? '' : bytes.toString('latin1', position, Math.min(blank, position + 16));
    const end = position + Number(digits);
    if (!/^[1-9][0-9]*$/.test(digits) || end > bytes.length || end <= blank + 1 || bytes[end - 1] !== 0x0a) {
      throw malformed('a PAX record has a wrong length');
    }
    const equals = bytes.indexOf(0x3d, blank);
    if (equals === -1 || equals >= end || equals === blank + 1) throw malformed('a PAX record has no key');
    const key = bytes.toString('utf8', blank + 1, equals);
    if (key.includes('\0')) throw malformed('a PAX key contains a NUL');
    const value = bytes.subarray(equals + 1, end - 1);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') addSparse(records, key, value);
    else records.values.set(key, value);
    if (records.values.size > maxRecords) throw tooMany();
    position = end;
  }
  return records;
}

function addSparse(records: PaxRecords, key: string, value: Buffer): void {
  const expected = records.sparsePairs.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes';
  if (key !== expected) throw malformed('a PAX sparse map is out of order');
  records.sparsePairs.push(paxInteger(value, key));
}

/** Global records (`g` headers) hold until another global header changes them. */
export function addGlobal(global: PaxRecords, added: PaxRecords): PaxRecords {
  const { values, sparsePairs } = mergePax(global, added);
  if (values.size > maxRecords) throw tooMany();
  let length = 0;
  // Copies, as views keep the whole header that they came in.
  const kept = [...values].map(([key, value]): [string, Buffer] => {
    length += key.length + value.length;
    if (length > maxGlobalBytes)
      throw malformed(`its global PAX records have more than ${maxGlobalBytes} bytes`);
    return [key, Buffer.from(value)];
  });
  return { values: new Map(kept), sparsePairs };
}

function tooMany(): Error {
  return malformed(`it has more than ${maxRecords} PAX records for one entry`);
}

/** The records of an entry win over global ones. */
export function mergePax(global: PaxRecords, local: PaxRecords): PaxRecords {
  if (global.values.size === 0 && global.sparsePairs.length === 0) return local;
  return {
    values: new Map([...global.values, ...local.values]),
    sparsePairs: local.sparsePairs.length > 0 ? local.sparsePairs : global.sparsePairs,
  };
}

/** A non-negative decimal number. */
export function paxInteger(value: Buffer, key: string): number {
  const digits = value.toString('latin1', 0, Math.min(value.length, 20));
  const result = Number(digits);
  if (!/^[0-9]+$/.test(digits) || !Number.isSafeInteger(result)) {
    throw malformed(`the PAX value of ${key} is not a number in range`);
  }
  return result;
}

/** Seconds with an optional fraction, possibly negative; digits beyond nanoseconds are cut off. */
export function paxTime(value: Buffer, key: string): { seconds: number; nanoseconds: number } {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(
    value.toString('latin1', 0, Math.min(value.length, 64)),
  );
  if (match === null) throw malformed(`the PAX value of ${key} is not a time`);
  const whole = Number(match[2]);
  const fraction = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds: whole, nanoseconds: fraction };
  return fraction === 0
    ? { seconds: -whole, nanoseconds: 0 }
    : { seconds: -whole - 1, nanoseconds: 1_000_000_000 - fraction };
}
