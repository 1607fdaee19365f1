import { Fields } from '#api/decode/fields.ts';
import { DhowError } from '#errors/error.ts';
import type { NetworkRequest } from '#network/network.ts';

/**
 * The body of `POST /networks/create`.
 * @throws InvalidParameter for a value that is wrong, Unsupported for a field that cannot be honoured; both name the field
 */
export function decodeNetworkCreate(body: unknown): NetworkRequest {
  const fields = Fields.of(body);
  // CheckDuplicate: names are always unique.
  fields.refuse(['Ingress'], 'is not supported: there is no swarm');
  const madeFrom = fields.object('ConfigFrom').text('Network');
  if (!['', 'local'].includes(fields.text('Scope'))) {
    throw new DhowError('Unsupported', `${fields.nameOf('Scope')} can only be "local"`);
  }
  const name = fields.text('Name');
  if (name === '') throw new DhowError('InvalidParameter', 'network name cannot be empty');
  const ipv6 = fields.optionalFlag('EnableIPv6');
  return {
    name,
    driver: decodeDriver(fields),
    ipv4: fields.optionalFlag('EnableIPv4') ?? true,
    ...(ipv6 === undefined ? {} : { ipv6 }),
    pools: decodeIpam(fields.object('IPAM')),
    internal: fields.flag('Internal'),
    attachable: fields.flag('Attachable'),
    options: fields.textMap('Options'),
    labels: fields.textMap('Labels'),
    isTemplate: fields.flag('ConfigOnly'),
    ...(madeFrom === '' ? {} : { madeFrom }),
  };
}

function decodeDriver(fields: Fields): NetworkRequest['driver'] {
  const driver = fields.text('Driver');
  if (driver === '' || driver === 'default' || driver === 'bridge') return 'bridge';
  if (driver === 'macvlan' || driver === 'ipvlan') return driver;
  if (driver === 'host' || driver === 'null') {
    throw new DhowError('Forbidden', `only one instance of "${driver}" network is allowed`);
  }
  throw new DhowError(
    'NotFound',
    `could not find plugin ${driver.slice(0, 60)}: network drivers are bridge, ipvlan and macvlan`,
  );
}

function decodeIpam(ipam: Fields): NetworkRequest['pools'] {
  const driver = ipam.text('Driver');
  if (!['', 'default'].includes(driver)) {
    throw new DhowError('Unsupported', `${ipam.nameOf('Driver')} "${driver.slice(0, 60)}" is not supported`);
  }
  ipam.refuse(['Options']);
  return ipam.objects('Config').map((config) => {
    const auxiliary = config.has('AuxiliaryAddresses') ? 'AuxiliaryAddresses' : 'AuxAddress';
    const [subnet, range, gateway] = ['Subnet', 'IPRange', 'Gateway'].map((name) => config.text(name));
    return {
      ...(subnet ? { subnet } : {}),
      ...(range ? { range } : {}),
      ...(gateway ? { gateway } : {}),
      auxiliary: config.textMap(auxiliary),
    };
  });
}
