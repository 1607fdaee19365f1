import { BlockList, isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';
import type { IpamConfig } from '#wire/networks.ts';

export interface PoolOptions {
  subnets: readonly string[];
  ranges: readonly string[];
  gateways: readonly string[];
  auxiliary: readonly (readonly [string, string])[];
}

/**
 * Gives each range, gateway and auxiliary address to the subnet that it lies in.
 * @throws InvalidParameter in Docker's words when there is none, or more than one of a kind
 */
export function readPools({ subnets, ranges, gateways, auxiliary }: PoolOptions): IpamConfig[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) {
    throw new DhowError('InvalidParameter', 'every ip-range or gateway must have a corresponding subnet');
  }
  const pools = subnets.map((subnet): { config: IpamConfig; matches: (address: string) => boolean } => ({
    config: { Subnet: subnet },
    matches: matcherOf(subnet),
  }));
  for (const [index, { matches }] of pools.entries()) {
    if (subnets.some((other, position) => position !== index && matches(addressOf(other)))) {
      throw new DhowError('InvalidParameter', 'multiple overlapping subnet configuration is not supported');
    }
  }
  const find = (address: string, what: string, text: string): IpamConfig => {
    const pool = pools.find(({ matches }) => matches(address));
    if (pool) return pool.config;
    throw new DhowError('InvalidParameter', `no matching subnet for ${what} ${text}`);
  };
  for (const range of ranges) {
    const config = find(addressOf(range), 'range', range);
    refuseSecond(config.IPRange, range, 'ranges', config);
    config.IPRange = range;
  }
  for (const gateway of gateways) {
    const config = find(gateway, 'gateway', gateway);
    refuseSecond(config.Gateway, gateway, 'gateways', config);
    config.Gateway = gateway;
  }
  for (const [name, address] of auxiliary) {
    const config = find(address, 'aux-address', address);
    config.AuxiliaryAddresses = { ...config.AuxiliaryAddresses, [name]: address };
  }
  return pools.map(({ config }) => config);
}

function refuseSecond(first: string | undefined, second: string, what: string, config: IpamConfig): void {
  if (first === undefined) return;
  throw new DhowError(
    'InvalidParameter',
    `cannot configure multiple ${what} (${second}, ${first}) on the same subnet (${config.Subnet})`,
  );
}

/** A subnet that is none matches nothing; the daemon says what is wrong with it. */
function matcherOf(subnet: string): (address: string) => boolean {
  const address = addressOf(subnet);
  const length = Number(subnet.slice(address.length + 1));
  const family = isIP(address);
  if (family === 0 || !Number.isInteger(length) || length < 0 || length > (family === 4 ? 32 : 128)) {
    return () => false;
  }
  const list = new BlockList();
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  return (other) => isIP(other) === family && list.check(other, family === 4 ? 'ipv4' : 'ipv6');
}

function addressOf(subnet: string): string {
  return subnet.split('/', 1)[0] ?? '';
}
