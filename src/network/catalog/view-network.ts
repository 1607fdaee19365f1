import { formatIp, formatSubnet } from '#network/addresses/ip.ts';
import type { AddressPool, NetworkRecord } from '#network/network.ts';
import type { NetworkRow } from '#network/tables/networks.ts';

/** A network as other rooms see it. */
export function viewNetwork(row: NetworkRow): NetworkRecord {
  const { id, name, driver, internal, attachable, options, labels, interfaceName, template, madeFrom } = row;
  return {
    id,
    name,
    driver,
    internal,
    attachable,
    options,
    labels,
    createdAt: new Date(row.createdAt),
    ...(interfaceName === undefined ? {} : { interfaceName }),
    ...(template === undefined ? {} : { template }),
    ...(madeFrom === undefined ? {} : { madeFrom }),
    pools: ([4, 6] as const).flatMap((family): AddressPool[] => {
      const pool = row.pools[family];
      if (pool === undefined) return [];
      return [
        {
          subnet: formatSubnet(pool.subnet),
          ...(pool.range === undefined ? {} : { range: formatSubnet(pool.range) }),
          ...(pool.gateway === undefined ? {} : { gateway: formatIp({ family, value: pool.gateway }) }),
          auxiliary: pool.auxiliary,
        },
      ];
    }),
  };
}
