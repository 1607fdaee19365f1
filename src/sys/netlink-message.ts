import { Buffer } from 'node:buffer';

/**
 * The bytes of netlink: messages with a 16-byte header, then a header of the message type's own, then attributes
 * (length, type, payload, padded to four bytes). Numbers are in the machine's byte order, which is little-endian on
 * every architecture that Dhow runs on; addresses and ports inside attributes are in network order.
 * Specification: netlink(7), rtnetlink(7), <linux/netlink.h>.
 */
export const netlinkFlags = {
  request: 0x1,
  acknowledge: 0x4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const;

const messageHeaderBytes = 16;
const attributeHeaderBytes = 4;
const NLA_F_NESTED = 0x8000;
/** The two highest bits of a type say "nested" and "network byte order"; the rest is the number. */
const NLA_TYPE_MASK = 0x3fff;

export interface NetlinkRequest {
  type: number;
  flags: number;
  /** The header of the message type (struct ifinfomsg, rtmsg, nfgenmsg, …) and the attributes. */
  body: Buffer;
}

function align(length: number): number {
  return (length + 3) & ~3;
}

/** One attribute. @throws RangeError when the payload is longer than the 16-bit length can say */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = attributeHeaderBytes + payload.length;
  if (length > 0xffff)
    throw new RangeError(`netlink attribute ${type} has ${payload.length} bytes, too many`);
  const buffer = Buffer.alloc(align(length));
  buffer.writeUInt16LE(length, 0);
  buffer.writeUInt16LE(type, 2);
  buffer.set(payload, attributeHeaderBytes);
  return buffer;
}

export function nested(type: number, ...attributes: Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

export function uint32Attribute(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value >>> 0);
  return attribute(type, payload);
}

export function uint16Attribute(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16LE(value);
  return attribute(type, payload);
}

export function uint8Attribute(type: number, value: number): Buffer {
  return attribute(type, Buffer.of(value));
}

/** A text with the closing zero byte that the kernel wants. */
export function textAttribute(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

/** The bytes of one message as they go on the wire. */
export function encodeMessage(request: NetlinkRequest, sequence: number): Buffer {
  const length = messageHeaderBytes + request.body.length;
  const buffer = Buffer.alloc(align(length));
  buffer.writeUInt32LE(length, 0);
  buffer.writeUInt16LE(request.type, 4);
  buffer.writeUInt16LE(request.flags | netlinkFlags.request, 6);
  buffer.writeUInt32LE(sequence, 8);
  buffer.set(request.body, messageHeaderBytes);
  return buffer;
}

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  /** Of a notification: the address of the socket whose request it tells of. */
  portId: number;
  body: Buffer;
}

/** Splits what one recv(2) returned. A length that does not fit ends the reading: nothing is read past the end. */
export function* decodeMessages(buffer: Buffer): Generator<NetlinkMessage> {
  for (let offset = 0; offset + messageHeaderBytes <= buffer.length; ) {
    const length = buffer.readUInt32LE(offset);
    if (length < messageHeaderBytes || offset + length > buffer.length) return;
    yield {
      type: buffer.readUInt16LE(offset + 4),
      flags: buffer.readUInt16LE(offset + 6),
      sequence: buffer.readUInt32LE(offset + 8),
      portId: buffer.readUInt32LE(offset + 12),
      body: buffer.subarray(offset + messageHeaderBytes, offset + length),
    };
    offset += align(length);
  }
}

/** Attributes by type; of several with one type the last is kept. Stops at the first length that does not fit. */
export function decodeAttributes(buffer: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = 0; offset + attributeHeaderBytes <= buffer.length; ) {
    const length = buffer.readUInt16LE(offset);
    if (length < attributeHeaderBytes || offset + length > buffer.length) break;
    const type = buffer.readUInt16LE(offset + 2) & NLA_TYPE_MASK;
    attributes.set(type, buffer.subarray(offset + attributeHeaderBytes, offset + length));
    offset += align(length);
  }
  return attributes;
}

/** Text of an attribute without its closing zero byte. */
export function textOf(payload: Buffer | undefined): string {
  if (payload === undefined) return '';
  const end = payload.indexOf(0);
  return payload.toString('utf8', 0, end === -1 ? payload.length : end);
}

export function uint32Of(payload: Buffer | undefined): number | undefined {
  return payload !== undefined && payload.length >= 4 ? payload.readUInt32LE(0) : undefined;
}
