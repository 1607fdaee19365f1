import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { VolumeKind } from '#volume/local/options.ts';

type Mount = Extract<VolumeKind, { kind: 'mount' }>;

/**
 * The options of a mount with the address of its NFS or CIFS server, as the kernel takes no names: that of the option `addr` (or `ip`), as
 * in Docker, else that of the device.
 * @throws Error of the resolver
 */
export async function withServerAddress(
  { type, device, options }: Mount,
  resolve: (name: string) => Promise<string> = addressOf,
): Promise<string> {
  if (!/^(nfs4?|cifs)$/.test(type)) return options;
  const words = options === '' ? [] : options.split(',');
  const given = words.find(isAddress);
  const server = given === undefined ? serverIn(type, device) : given.slice(given.indexOf('=') + 1);
  if (!server || (given !== undefined && isIP(server) !== 0)) return options;
  const address = isIP(server) === 0 ? await resolve(server) : server;
  return [...words.filter((word) => !isAddress(word)), `addr=${address}`].join(',');
}

function isAddress(option: string): boolean {
  return /^(addr|ip)=/.test(option);
}

/** Of `server:/path` or `[address]:/path`, and with CIFS of `//server/share`. */
function serverIn(type: string, device: string): string | undefined {
  const pattern = type === 'cifs' ? /^\/\/(?<server>[^/]+)/ : /^(?:\[(?<address>[^\]]+)\]|(?<server>[^:]+)):/;
  const { server, address } = pattern.exec(device)?.groups ?? {};
  return server ?? address;
}

async function addressOf(name: string): Promise<string> {
  return (await lookup(name, { order: 'ipv4first' })).address;
}
