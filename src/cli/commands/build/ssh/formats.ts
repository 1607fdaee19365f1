import { type KeyObject, sign, type webcrypto } from 'node:crypto';
import { field, mpint } from '#cli/commands/build/ssh/fields.ts';
import { DhowError } from '#errors/error.ts';

/** SSH_AGENT_RSA_SHA2_256 and _512 of draft-miller-ssh-agent, section 5.3. */
const rsaSha256 = 2;
const rsaSha512 = 4;

const curveNames: Readonly<Record<string, { curve: string; hash: string }>> = {
  'P-256': { curve: 'nistp256', hash: 'sha256' },
  'P-384': { curve: 'nistp384', hash: 'sha384' },
  'P-521': { curve: 'nistp521', hash: 'sha512' },
};

/** A public key as SSH sends it (RFC 4253, section 6.6; RFC 5656; RFC 8709). @throws Unsupported */
export function publicKeyField(key: webcrypto.JsonWebKey): Buffer {
  const part = (name: 'n' | 'e' | 'x' | 'y'): Buffer => Buffer.from(key[name] ?? '', 'base64url');
  switch (key.kty) {
    case 'OKP':
      if (key.crv !== 'Ed25519') break;
      return Buffer.concat([field('ssh-ed25519'), field(part('x'))]);
    case 'RSA':
      return Buffer.concat([field('ssh-rsa'), mpint(part('e')), mpint(part('n'))]);
    case 'EC': {
      const { curve } = curveOf(key);
      const point = Buffer.concat([Buffer.of(4), part('x'), part('y')]);
      return Buffer.concat([field(`ecdsa-sha2-${curve}`), field(curve), field(point)]);
    }
  }
  throw new DhowError('Unsupported', `keys of the type ${key.crv ?? key.kty} are not supported`);
}

/** A signature as SSH sends it. */
export function signWith(key: KeyObject, data: Buffer, flags: number): Buffer {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return Buffer.concat([field('ssh-ed25519'), field(sign(null, data, key))]);
    case 'rsa': {
      const [name, hash] =
        (flags & rsaSha512) !== 0
          ? ['rsa-sha2-512', 'sha512']
          : (flags & rsaSha256) !== 0
            ? ['rsa-sha2-256', 'sha256']
            : ['ssh-rsa', 'sha1'];
      return Buffer.concat([field(name), field(sign(hash, data, key))]);
    }
    default: {
      const { curve, hash } = curveOf(key.export({ format: 'jwk' }));
      const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
      const half = both.length / 2;
      const numbers = Buffer.concat([mpint(both.subarray(0, half)), mpint(both.subarray(half))]);
      return Buffer.concat([field(`ecdsa-sha2-${curve}`), field(numbers)]);
    }
  }
}

function curveOf({ crv = '' }: webcrypto.JsonWebKey): { curve: string; hash: string } {
  const known = curveNames[crv];
  if (known !== undefined) return known;
  throw new DhowError('Unsupported', `keys on the curve ${crv} are not supported`);
}
