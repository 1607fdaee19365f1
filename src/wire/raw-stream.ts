/**
 * The framing by which stdout and stderr share one connection (attach, exec and logs without a terminal): a header of eight
 * bytes (stream type, three zero bytes, payload length as big-endian uint32), then the payload.
 * See "Stream format" of `POST /containers/{id}/attach`.
 */
export type RawStreamName = 'stdin' | 'stdout' | 'stderr' | 'systemerr';

const streamTypes = ['stdin', 'stdout', 'stderr', 'systemerr'] as const satisfies RawStreamName[];
const headerLength = 8;
/** Docker's daemon writes at most 32 KiB a frame; a header that claims more than this is not one. */
const maximumPayload = 64 * 1024 * 1024;

/** The header for a payload of `length` bytes. */
export function encodeFrameHeader(stream: RawStreamName, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header[0] = streamTypes.indexOf(stream);
  header.writeUInt32BE(length, 4);
  return header;
}

/** Header and payload in one buffer. */
export function encodeFrame(stream: RawStreamName, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  frame.writeUInt32BE(0, 0);
  frame[0] = streamTypes.indexOf(stream);
  frame.writeUInt32BE(payload.length, 4);
  frame.set(payload, headerLength);
  return frame;
}

/**
 * Incremental reader of frames. Payloads are handed on in the pieces in which they arrive and are never gathered, so memory
 * does not depend on what a header claims.
 *
 * @throws RangeError for a stream type or length that no daemon sends
 */
export class RawStreamDecoder {
  readonly #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #payloadLeft = 0;
  #stream: RawStreamName = 'stdout';

  push(bytes: Uint8Array): { stream: RawStreamName; bytes: Uint8Array }[] {
    const pieces: { stream: RawStreamName; bytes: Uint8Array }[] = [];
    let position = 0;
    while (position < bytes.length) {
      if (this.#payloadLeft > 0) {
        const piece = bytes.subarray(position, position + this.#payloadLeft);
        this.#payloadLeft -= piece.length;
        position += piece.length;
        pieces.push({ stream: this.#stream, bytes: piece });
        continue;
      }
      const part = bytes.subarray(position, position + headerLength - this.#headerFilled);
      this.#header.set(part, this.#headerFilled);
      this.#headerFilled += part.length;
      position += part.length;
      if (this.#headerFilled === headerLength) this.#readHeader();
    }
    return pieces;
  }

  /** Whether the stream may end here: not inside a header or payload. */
  get atBoundary(): boolean {
    return this.#headerFilled === 0 && this.#payloadLeft === 0;
  }

  #readHeader(): void {
    const stream = streamTypes[this.#header[0] ?? 255];
    const length = this.#header.readUInt32BE(4);
    if (stream === undefined || length > maximumPayload) {
      throw new RangeError(`not a multiplexed stream: header ${this.#header.toString('hex')}`);
    }
    this.#stream = stream;
    this.#payloadLeft = length;
    this.#headerFilled = 0;
  }
}
