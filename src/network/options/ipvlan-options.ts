import {
  type DriverOptions,
  mtuOption,
  parseChoice,
  parseMtu,
  refuseUnknown,
} from '#network/options/option-values.ts';
import { ipvlanFlags, ipvlanModes } from '#sys/netlink-shared-links.ts';

/** The driver options of an ipvlan network, besides its parent, as values. The names are Docker's. */
export interface IpvlanOptions {
  mode: keyof typeof ipvlanModes;
  flag: keyof typeof ipvlanFlags;
  /** undefined: the parent's. */
  mtu: number | undefined;
}

/** @throws InvalidParameter for a wrong value; Unsupported for an option that Dhow does not know */
export function parseIpvlanOptions(options: DriverOptions): IpvlanOptions {
  refuseUnknown(options, ['parent', 'ipvlan_mode', 'ipvlan_flag', mtuOption]);
  return {
    mode: parseChoice(options, 'ipvlan_mode', ipvlanModes, 'l2'),
    flag: parseChoice(options, 'ipvlan_flag', ipvlanFlags, 'bridge'),
    mtu: parseMtu(options),
  };
}

/** In the modes of layer 3 the parent routes: there is no gateway to ask for, everything is on the link. */
export function isRoutedByParent(network: { driver: string; options: DriverOptions }): boolean {
  return network.driver === 'ipvlan' && parseIpvlanOptions(network.options).mode !== 'l2';
}
