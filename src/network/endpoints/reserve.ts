import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import { isLinkLocal, parseIp } from '#network/addresses/ip.ts';
import { macOf, parseMac } from '#network/addresses/mac.ts';
import { chooseAddresses } from '#network/endpoints/choose-addresses.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { namesOf } from '#network/endpoints/view.ts';
import type { ContainerIdentity, EndpointRequest } from '#network/network.ts';
import { defaultInterfacePrefix, parseBridgeOptions } from '#network/options/bridge-options.ts';
import { parseEndpointSysctls } from '#network/options/endpoint-sysctls.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { hasInterfaces, isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { maximumInterfaceNameLength } from '#sys/netlink-link.ts';

/** More names than this are no names but an attempt to fill the database. */
const maximumAliases = 1000;
const namePattern = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$/;

/**
 * Writes the row of a new endpoint. Call it in a transaction, after the container's row.
 * @throws see `ContainerNetworking.attach`
 */
export function reserveEndpoint(
  parts: EndpointParts,
  network: NetworkRow,
  container: ContainerIdentity,
  request: EndpointRequest,
): EndpointRow {
  if (network.template !== undefined) {
    throw new DhowError('Forbidden', 'cannot create endpoint on configuration-only network');
  }
  const present = parts.endpoints.ofContainer(container.id);
  refuseCombination(parts, network, container, present);
  checkRequest(network, request);
  const id = randomBytes(32).toString('hex');
  const addresses = chooseAddresses(parts, network, request);
  const connected = hasInterfaces(network);
  const row: EndpointRow = {
    id,
    networkId: network.id,
    containerId: container.id,
    interfaceName: connected ? chooseInterfaceName(network, present, request) : '',
    hostInterface: isBridgeNetwork(network)
      ? parts.vethPrefix + id.slice(0, maximumInterfaceNameLength - parts.vethPrefix.length)
      : '',
    addresses,
    macAddress: chooseMac(network, request, addresses),
    linkLocal: request.linkLocalAddresses ?? [],
    aliases: request.aliases ?? [],
    links: Object.fromEntries(
      (request.links ?? []).map(({ alias, target }) => [alias.toLowerCase(), target]),
    ),
    gatewayPriority: request.gatewayPriority ?? 0,
  };
  parts.endpoints.insert(row);
  parts.names.set(row, namesOf(row, network, container));
  return row;
}

/** A container that has the host's network, or none, has nothing else. */
function refuseCombination(
  parts: EndpointParts,
  network: NetworkRow,
  container: ContainerIdentity,
  present: readonly EndpointRow[],
): void {
  if (present.some((row) => row.networkId === network.id)) {
    throw new DhowError(
      'Forbidden',
      `endpoint with name ${container.name} already exists in network ${network.name}`,
    );
  }
  const drivers = [network, ...present.map((row) => parts.networks.byId(row.networkId))].map(
    (row) => row?.driver,
  );
  if (drivers.length > 1 && drivers.some((driver) => driver === 'host' || driver === 'none')) {
    throw new DhowError(
      'InvalidParameter',
      'a container on network host or none cannot be on further networks',
    );
  }
}

/** With ipvlan interfaces have their parent's. */
function chooseMac(
  network: NetworkRow,
  request: EndpointRequest,
  addresses: EndpointRow['addresses'],
): string {
  if (!hasInterfaces(network) || network.driver === 'ipvlan') return '';
  const address = addresses[4] ?? addresses[6];
  return parseMac(request.macAddress ?? '') ?? (address ? macOf(address) : '');
}

function checkRequest(network: NetworkRow, request: EndpointRequest): void {
  const { macAddress, aliases = [], linkLocalAddresses = [] } = request;
  if (macAddress && parseMac(macAddress) === undefined) {
    throw new DhowError('InvalidParameter', `invalid MAC address "${macAddress.slice(0, 60)}"`);
  }
  if (macAddress && network.driver === 'ipvlan') {
    throw new DhowError('InvalidParameter', 'ipvlan interfaces do not support custom mac address assignment');
  }
  parseEndpointSysctls(request.sysctls ?? {}, '');
  const badAlias = aliases.find((alias) => !namePattern.test(alias));
  if (badAlias !== undefined || aliases.length > maximumAliases) {
    throw new DhowError(
      'InvalidParameter',
      `invalid network alias "${badAlias?.slice(0, 60) ?? '(too many)'}"`,
    );
  }
  const badAddress = linkLocalAddresses.find((text) => {
    const address = parseIp(text);
    return address === undefined || !isLinkLocal(address);
  });
  if (badAddress !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `invalid link-local address "${badAddress.slice(0, 60)}": it must be of 169.254.0.0/16 or fe80::/10`,
    );
  }
}

function chooseInterfaceName(
  network: NetworkRow,
  present: readonly EndpointRow[],
  request: EndpointRequest,
): string {
  const taken = new Set(['lo', ...present.map((row) => row.interfaceName)]);
  const wished = request.interfaceName;
  if (wished) {
    if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/.test(wished) && !taken.has(wished)) return wished;
    throw new DhowError('InvalidParameter', `invalid or taken interface name "${wished.slice(0, 60)}"`);
  }
  const prefix = isBridgeNetwork(network)
    ? parseBridgeOptions(network.options).interfacePrefix
    : defaultInterfacePrefix;
  for (let number = 0; ; number++) {
    if (!taken.has(`${prefix}${number}`)) return `${prefix}${number}`;
  }
}
