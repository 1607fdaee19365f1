import {
  type DriverOptions,
  mtuOption,
  parseChoice,
  parseMtu,
  refuseUnknown,
} from '#network/options/option-values.ts';
import { macvlanModes } from '#sys/netlink-shared-links.ts';

/** The driver options of a macvlan network, besides its parent, as values. The names are Docker's. */
export interface MacvlanOptions {
  mode: keyof typeof macvlanModes;
  /** undefined: the parent's. */
  mtu: number | undefined;
}

/** @throws InvalidParameter for a wrong value; Unsupported for an option that Dhow does not know */
export function parseMacvlanOptions(options: DriverOptions): MacvlanOptions {
  refuseUnknown(options, ['parent', 'macvlan_mode', mtuOption]);
  return { mode: parseChoice(options, 'macvlan_mode', macvlanModes, 'bridge'), mtu: parseMtu(options) };
}
