import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { FieldReader } from '#cli/commands/build/ssh/fields.ts';
import { publicKeyField, signWith } from '#cli/commands/build/ssh/formats.ts';
import { DhowError } from '#errors/error.ts';

/** A private key as an agent uses it. */
export interface SshKey {
  /** The public key, by which clients name it. */
  publicKey: Buffer;
  comment: string;
  /** @param flags of the agent protocol: which hash an RSA key signs with */
  sign(data: Buffer, flags: number): Buffer;
}

const magic = Buffer.from('openssh-key-v1\0');
const curves: Readonly<Record<string, string>> = { nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521' };

/**
 * Reads a private key: OpenSSH's own format (PROTOCOL.key), or PEM. Ed25519, RSA and ECDSA.
 * @param name what messages call it. @throws InvalidParameter; Unsupported for one with a passphrase, as nobody can be asked
 */
export function readSshKey(text: string, name: string): SshKey {
  try {
    const armoured = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1];
    if (armoured !== undefined) return readOpenSsh(Buffer.from(armoured, 'base64'), name);
    if (/ENCRYPTED/.test(text)) throw withPassphrase(name);
    return toSshKey(createPrivateKey(text), name);
  } catch (cause) {
    if (cause instanceof DhowError && cause.kind === 'Unsupported') throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DhowError('InvalidParameter', `${name} is no private key of SSH: ${why}`, { cause });
  }
}

function readOpenSsh(bytes: Buffer, name: string): SshKey {
  if (!bytes.subarray(0, magic.length).equals(magic))
    throw new DhowError('InvalidParameter', 'it has no header');
  const outer = new FieldReader(bytes.subarray(magic.length));
  const cipher = outer.text();
  if (cipher !== 'none') throw withPassphrase(name);
  outer.field();
  outer.field();
  if (outer.uint32() !== 1) throw new DhowError('InvalidParameter', 'it has several keys');
  outer.field();
  const inner = new FieldReader(outer.field());
  inner.uint32();
  inner.uint32();
  const key = createPrivateKey({ key: readPrivate(inner), format: 'jwk' });
  return toSshKey(key, inner.text() || name);
}

function readPrivate(fields: FieldReader): webcrypto.JsonWebKey {
  const type = fields.text();
  if (type === 'ssh-ed25519') {
    const x = encode(fields.field());
    // The public key follows the private one.
    return { kty: 'OKP', crv: 'Ed25519', x, d: encode(fields.field().subarray(0, 32)) };
  }
  if (type === 'ssh-rsa') {
    const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => toNumber(fields.field())) as Six;
    const numbers = { n, e, d, p, q, qi, dp: d % (p - 1n), dq: d % (q - 1n) };
    const encoded = Object.entries(numbers).map(([key, value]) => [key, encode(fromNumber(value))]);
    return { kty: 'RSA', ...Object.fromEntries(encoded) };
  }
  const curve = curves[type.replace('ecdsa-sha2-', '')];
  if (curve === undefined) throw new DhowError('Unsupported', `keys of the type ${type} are not supported`);
  fields.field();
  const point = fields.field();
  const length = (point.length - 1) / 2;
  const d = fromNumber(toNumber(fields.field()), length);
  const [x, y] = [point.subarray(1, 1 + length), point.subarray(1 + length)];
  return { kty: 'EC', crv: curve, x: encode(x), y: encode(y), d: encode(d) };
}

type Six = [bigint, bigint, bigint, bigint, bigint, bigint];

function toSshKey(key: KeyObject, comment: string): SshKey {
  const publicKey = publicKeyField(createPublicKey(key).export({ format: 'jwk' }));
  return { publicKey, comment, sign: (data, flags) => signWith(key, data, flags) };
}

function withPassphrase(name: string): DhowError {
  return new DhowError(
    'Unsupported',
    `${name} has a passphrase: give it to an agent, and use the agent's socket`,
  );
}

function toNumber(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}

function fromNumber(value: bigint, length = 0): Buffer {
  const hex = value.toString(16);
  const digits = Math.max(hex.length + (hex.length % 2), length * 2);
  return Buffer.from(hex.padStart(digits, '0'), 'hex');
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url');
}
