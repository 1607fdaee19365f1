/** IPv4 addresses as unsigned 32-bit numbers, and subnets of them. */
export interface Subnet {
  /** The first address; its host bits are zero. */
  address: number;
  prefixLength: number;
}

/** Strict dotted quad: four decimal numbers without leading zeros. undefined when it is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  let address = 0;
  for (const part of parts) {
    const number = Number(part);
    if (number > 255 || String(number) !== part) return undefined;
    address = address * 256 + number;
  }
  return address;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** `a.b.c.d/n` with zero host bits; undefined when it is not one. */
export function parseSubnet(text: string): Subnet | undefined {
  const [addressText, lengthText, ...rest] = text.split('/');
  const address = parseIpv4(addressText ?? '');
  if (address === undefined || rest.length > 0 || !/^\d{1,2}$/.test(lengthText ?? '')) return undefined;
  const prefixLength = Number(lengthText);
  if (prefixLength > 32 || firstAddress({ address, prefixLength }) !== address) return undefined;
  return { address, prefixLength };
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.address)}/${subnet.prefixLength}`;
}

export function firstAddress(subnet: Subnet): number {
  const size = 2 ** (32 - subnet.prefixLength);
  return Math.floor(subnet.address / size) * size;
}

/** The broadcast address. */
export function lastAddress(subnet: Subnet): number {
  return firstAddress(subnet) + 2 ** (32 - subnet.prefixLength) - 1;
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= firstAddress(subnet) && address <= lastAddress(subnet);
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return firstAddress(one) <= lastAddress(other) && firstAddress(other) <= lastAddress(one);
}
