import { bytesOfIp, type IpAddress } from '#network/addresses/ip.ts';

/**
 * Locally administered address 02:42 and the last four bytes of the IP address, as Docker makes it: neighbours' ARP
 * caches stay right when an address is given to the next container.
 */
export function macOf(address: IpAddress): string {
  return [0x02, 0x42, ...bytesOfIp(address).subarray(-4)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':');
}

/** Lower-case `xx:xx:xx:xx:xx:xx` of a unicast address that is not zero; undefined otherwise. */
export function parseMac(text: string): string | undefined {
  const lower = text.toLowerCase().replaceAll('-', ':');
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower)) return undefined;
  const multicast = (Number.parseInt(lower.slice(0, 2), 16) & 1) !== 0;
  return multicast || lower === '00:00:00:00:00:00' ? undefined : lower;
}
