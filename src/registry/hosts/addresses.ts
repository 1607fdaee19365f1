import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host, without brackets, is an address in the list; a name never is. */
export function contains(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

export function isLoopbackAddress(host: string): boolean {
  return contains(loopback, host);
}

/** @returns undefined when it is no address with a prefix length */
export function parseNetwork(cidr: string): BlockList | undefined {
  const match = /^([^/]*)\/(\d{1,3})$/.exec(cidr);
  const [, address = '', bits] = match ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list;
}
