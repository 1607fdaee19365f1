import { createHash } from 'node:crypto';
import { DhowError } from '#errors/error.ts';

/** A content digest, `sha256:<64 hex>`, checked. OCI image-spec, descriptor.md, "Digests". */
export type Digest = string & { readonly __brand: 'Digest' };

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** @throws InvalidParameter for anything but a full lower-case sha256 digest. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new DhowError(
    'InvalidParameter',
    `invalid digest "${text.slice(0, 100)}": expected sha256: and 64 lower-case hexadecimal digits`,
  );
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

/** The 64 hexadecimal digits, for use as a file name. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
