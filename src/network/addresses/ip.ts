import { Buffer } from 'node:buffer';
import { isIPv6 } from 'node:net';

/** Addresses of both families as unsigned numbers, and subnets of them. */
export type Family = 4 | 6;

export interface IpAddress {
  family: Family;
  value: bigint;
}

export interface Subnet extends IpAddress {
  /** `value` is the first address; its host bits are zero. */
  prefixLength: number;
}

/** Strict: a dotted quad without leading zeros, or any spelling of IPv6 without a zone. undefined when it is neither. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  let value = 0n;
  for (const part of parts) {
    const number = Number(part);
    if (number > 255 || String(number) !== part) return undefined;
    value = value * 256n + BigInt(number);
  }
  return { family: 4, value };
}

function parseIpv6(text: string): IpAddress | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The last four bytes may be written as a dotted quad.
  const tail = /[^:]*$/.exec(text)?.[0] ?? '';
  const quad = tail.includes('.') ? parseIpv4(tail) : undefined;
  const plain = quad === undefined ? text : text.slice(0, -tail.length) + hexWords(quad.value);
  const [head = '', rest] = plain.split('::');
  const before = words(head);
  const after = rest === undefined ? [] : words(rest);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  const value = [...before, ...zeros, ...after].reduce((sum, word) => sum * 0x10000n + BigInt(word), 0n);
  return { family: 6, value };
}

function words(text: string): number[] {
  return text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
}

function hexWords(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** IPv6 in the canonical form of RFC 5952. */
export function formatIp(address: IpAddress): string {
  const bytes = bytesOfIp(address);
  if (address.family === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  const { start, length } = longestRunOfZeros(groups);
  const text = groups.map((group) => group.toString(16));
  if (length < 2) return text.join(':');
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`;
}

function longestRunOfZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  return longest;
}

/** Four or sixteen bytes in network order. */
export function bytesOfIp(address: IpAddress): Buffer {
  const length = bitsOf(address.family) / 8;
  return Buffer.from(address.value.toString(16).padStart(length * 2, '0'), 'hex');
}

export function ipOfBytes(bytes: Uint8Array): IpAddress {
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return { family: bytes.length === 4 ? 4 : 6, value };
}

/** `address/n` with zero host bits; undefined when it is not one. */
export function parseSubnet(text: string): Subnet | undefined {
  const [addressText, lengthText, ...rest] = text.split('/');
  const address = parseIp(addressText ?? '');
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(lengthText ?? '')) return undefined;
  const subnet = { ...address, prefixLength: Number(lengthText) };
  if (subnet.prefixLength > bitsOf(address.family) || firstAddress(subnet) !== subnet.value) return undefined;
  return subnet;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIp(subnet)}/${subnet.prefixLength}`;
}

export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** How many addresses it has. */
function sizeOf(subnet: Subnet): bigint {
  return 1n << BigInt(bitsOf(subnet.family) - subnet.prefixLength);
}

export function firstAddress(subnet: Subnet): bigint {
  return subnet.value & ~(sizeOf(subnet) - 1n);
}

/** The broadcast address, for IPv4. */
export function lastAddress(subnet: Subnet): bigint {
  return firstAddress(subnet) + sizeOf(subnet) - 1n;
}

export function contains(subnet: Subnet, address: IpAddress): boolean {
  return (
    address.family === subnet.family &&
    address.value >= firstAddress(subnet) &&
    address.value <= lastAddress(subnet)
  );
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return (
    one.family === other.family &&
    firstAddress(one) <= lastAddress(other) &&
    firstAddress(other) <= lastAddress(one)
  );
}

/** 169.254.0.0/16, fe80::/10. */
export function isLinkLocal({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan;
}
