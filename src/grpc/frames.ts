import type { Duplex } from 'node:stream';
import { DhowError } from '#errors/error.ts';

/** A message's prefix: whether it is compressed, and its length in four bytes (doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/** What BuildKit and its clients agree on. */
const maxMessageBytes = 16 * 1024 * 1024;

export function encodeFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.writeUInt8(0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/**
 * The messages of a stream of HTTP/2.
 * @throws ResourceExhausted for a message that is too large; Unsupported for a compressed one; DataLoss when the stream ends in one
 */
export async function* readFrames(stream: Duplex): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let length = 0;
  // A call has two directions: who has read enough may still have something to say.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pending.push(chunk);
    length += chunk.length;
    if (length < prefixBytes) continue;
    // Joined only when a message is complete: one of many packets is copied once.
    let [first = Buffer.alloc(0)] = pending;
    if (first.length < prefixBytes) {
      first = Buffer.concat(pending);
      pending = [first];
    }
    if (length < prefixBytes + lengthOf(first)) continue;
    let rest = pending.length === 1 ? first : Buffer.concat(pending);
    while (rest.length >= prefixBytes && rest.length >= prefixBytes + lengthOf(rest)) {
      const end = prefixBytes + lengthOf(rest);
      yield rest.subarray(prefixBytes, end);
      rest = rest.subarray(end);
    }
    pending = [rest];
    length = rest.length;
  }
  if (length > 0) throw new DhowError('DataLoss', 'the other side ended the call in the middle of a message');
}

function lengthOf(frame: Buffer): number {
  if (frame.readUInt8() !== 0) throw new DhowError('Unsupported', 'compressed messages are not supported');
  const length = frame.readUInt32BE(1);
  if (length <= maxMessageBytes) return length;
  throw new DhowError('ResourceExhausted', `a message has ${length} bytes; the most is ${maxMessageBytes}`);
}
