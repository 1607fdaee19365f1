import { DhowError } from '#errors/error.ts';
import { parseMtu, refuseUnknown } from '#network/options/bridge-options.ts';
import { macvlanModes } from '#sys/netlink-link.ts';

/** The driver options of a macvlan network, as values. The names are Docker's. */
export interface MacvlanOptions {
  /** The interface of the host whose network is shared. */
  parent: string;
  mode: keyof typeof macvlanModes;
  /** undefined: the parent's. */
  mtu: number | undefined;
}

const mtuName = 'com.docker.network.driver.mtu';

/** @throws InvalidParameter for a wrong or missing value; Unsupported for an option that Dhow does not know */
export function parseMacvlanOptions(options: Readonly<Record<string, string>>): MacvlanOptions {
  refuseUnknown(options, ['parent', 'macvlan_mode', mtuName]);
  const { parent = '', macvlan_mode: mode = 'bridge' } = options;
  if (parent === '') {
    throw new DhowError(
      'InvalidParameter',
      'a macvlan network needs the interface of the host that it shares: add -o parent=<interface>',
    );
  }
  if (!Object.hasOwn(macvlanModes, mode)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid macvlan_mode "${mode.slice(0, 60)}": it must be one of ${Object.keys(macvlanModes).join(', ')}`,
    );
  }
  return {
    parent,
    mode: mode as MacvlanOptions['mode'],
    mtu: options[mtuName] === undefined ? undefined : parseMtu(options[mtuName]),
  };
}
