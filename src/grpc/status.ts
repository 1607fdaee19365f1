import { DhowError, kindOf, messageOf } from '#errors/error.ts';
import type { ErrorKind } from '#errors/kinds.ts';

/** Codes of the gRPC specification (doc/statuscodes.md) that Dhow's own errors become, and back. */
const codes: Readonly<Record<ErrorKind, number>> = {
  Cancelled: 1,
  InvalidParameter: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  Conflict: 6,
  Forbidden: 7,
  ResourceExhausted: 8,
  Unsupported: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthorized: 16,
};

const kinds = new Map(Object.entries(codes).map(([kind, code]) => [code, kind as ErrorKind]));

/** Trailers are headers, of which a client takes some kilobytes; a character may become nine bytes there. */
const maxMessageLength = 6000;

/** How a call ended; code 0 is success. */
export interface Status {
  code: number;
  message: string;
}

export function statusOf(error: unknown): Status {
  const message = messageOf(error);
  const cut = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message;
  return { code: codes[kindOf(error)], message: cut };
}

/** What the other side says went wrong. */
export function errorOf({ code, message }: Status): DhowError {
  return new DhowError(
    kinds.get(code) ?? 'Internal',
    message || `the other side ended the call with code ${code}`,
  );
}

/** Trailers carry the message percent-encoded, which leaves printable ASCII readable (doc/PROTOCOL-HTTP2.md, "Status-Message"). */
export function encodeStatusMessage(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

export function decodeStatusMessage(text: string): string {
  const plain = text.replace(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1').toString();
}
