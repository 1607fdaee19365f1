import { DhowError } from '#errors/error.ts';

/** A 32-bit number, big endian (RFC 4251, section 5). */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string: its length and its bytes. */
export function field(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** An integer that is not negative, from its bytes, the highest first. */
export function mpint(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = start === -1 ? Buffer.alloc(0) : Buffer.from(bytes.subarray(start));
  const isHigh = (short[0] ?? 0) >= 0x80;
  return field(isHigh ? Buffer.concat([Buffer.of(0), short]) : short);
}

/** Reads one field after the other. @throws InvalidParameter when there is less than is asked for */
export class FieldReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  field(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.field().toString();
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new DhowError('InvalidParameter', 'it ends too early');
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}
