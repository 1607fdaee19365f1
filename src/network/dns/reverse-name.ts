import { type IpAddress, ipOfBytes } from '#network/addresses/ip.ts';

/** The address that a reverse look-up is about: `2.0.17.172.in-addr.arpa`, or 32 digits and `ip6.arpa`. */
export function parseReverseName(name: string): IpAddress | undefined {
  const four = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1];
  if (four !== undefined) {
    const bytes = four.split('.').slice(0, 4).map(Number).reverse();
    return bytes.some((byte) => byte > 255) ? undefined : ipOfBytes(Buffer.from(bytes));
  }
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (six === undefined) return undefined;
  return ipOfBytes(Buffer.from(six.replaceAll('.', '').split('').reverse().join(''), 'hex'));
}
