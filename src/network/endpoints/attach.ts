import { randomBytes } from 'node:crypto';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { nextFreeAddress } from '#network/addresses/allocate.ts';
import { formatSubnet, lastAddress } from '#network/addresses/ipv4.ts';
import { macOf, parseMac } from '#network/addresses/mac.ts';
import { detachEndpoint } from '#network/endpoints/detach.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';
import { viewEndpoint } from '#network/endpoints/view.ts';
import { ensureBridge } from '#network/kernel/bridge.ts';
import { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { joinBridge, type VethPair } from '#network/kernel/veth.ts';
import type { AttachRequest, Endpoint, PublishedPort } from '#network/network.ts';
import { describeTaken, PortTaken } from '#network/ports/port-holds.ts';
import type { EndpointRow } from '#network/tables/endpoints.ts';
import { type BridgeNetwork, isBridgeNetwork, type NetworkRow } from '#network/tables/networks.ts';
import { findLink } from '#sys/netlink-route.ts';

const interfaceName = 'eth0';
/** Docker's limit is none; the attribute that carries a container's elements and one sane container fit well within. */
const maximumPorts = 65_535;

/**
 * Attaches a sandbox to a network. Up to the firewall everything is synchronous: attaching many at once needs no lock.
 * The row comes first, so that a crash leaves something that `restore` finds.
 */
export async function attachEndpoint(
  parts: EndpointParts,
  network: NetworkRow,
  request: AttachRequest,
): Promise<Endpoint> {
  if (!isBridgeNetwork(network)) return attachWithoutInterface(parts, network, request);
  const sandbox = requireSandbox(request);
  const id = randomBytes(32).toString('hex');
  const { row, ports } = await reserve(parts, network, request, id);

  await using undo = new AsyncDisposableStack();
  undo.defer(quietly('detach endpoint', () => detachEndpoint(parts, row, 'delete-interface')));
  connect(parts, network, sandbox, row);
  const targets = ports.map((port) => ({ ...port, address: row.address }));
  if (!parts.firewall.change('add', targets)) await parts.firewall.rebuild(targets);
  if (!parts.passage.isOpen()) await parts.passage.open();
  undo.move();
  return viewEndpoint(row, network, ports);
}

interface Reserved {
  row: EndpointRow & { address: number };
  ports: PublishedPort[];
}

/** Address, host ports and rows, in one transaction. */
async function reserve(
  parts: EndpointParts,
  network: BridgeNetwork,
  request: AttachRequest,
  id: string,
): Promise<Reserved> {
  const { database, endpoints, networks, holds } = parts;
  checkRequest(network, request);
  try {
    return database.transaction(() => {
      refuseSecondEndpoint(parts, network, request);
      const address = nextFreeAddress({
        subnet: network.subnet,
        gateway: network.gateway,
        last: networks.byName(network.name)?.lastAddress,
        usedFrom: (from) => endpoints.addressesFrom(network.id, from),
      });
      if (address === undefined) throw noFreeAddress(network);
      const row = {
        id,
        networkId: network.id,
        containerId: request.containerId,
        containerName: request.containerName,
        interfaceName,
        hostInterface: parts.vethPrefix + id.slice(0, 15 - parts.vethPrefix.length),
        address,
        macAddress: request.macAddress ? (parseMac(request.macAddress) ?? '') : macOf(address),
      };
      endpoints.insert(row);
      networks.setLastAddress(network.id, address);
      return { row, ports: holds.reserve(id, request.ports) };
    });
  } catch (error) {
    if (error instanceof PortTaken) {
      throw await describeTaken(error, endpoints, { name: request.containerName, endpointId: id });
    }
    throw error;
  }
}

function connect(
  parts: EndpointParts,
  network: BridgeNetwork,
  sandbox: NamespaceSandbox,
  row: EndpointRow & { address: number },
): void {
  const pair: Omit<VethPair, 'bridgeIndex'> = {
    hostInterface: row.hostInterface,
    bridgeName: network.bridge,
    interfaceName,
    macAddress: row.macAddress,
    address: row.address,
    prefixLength: network.subnet.prefixLength,
    gateway: network.gateway,
  };
  const bridge = findLink(parts.host, network.bridge) ?? ensureBridge(parts.host, network);
  joinBridge(parts.host, sandbox, { ...pair, bridgeIndex: bridge.index });
}

/** Networks host and none: a row, so that the container is seen to be on the network, and nothing in the kernel. */
function attachWithoutInterface(parts: EndpointParts, network: NetworkRow, request: AttachRequest): Endpoint {
  if (request.ports.length > 0) {
    throw new DhowError('InvalidParameter', `network "${network.name}" cannot publish ports`);
  }
  const row: EndpointRow = {
    id: randomBytes(32).toString('hex'),
    networkId: network.id,
    containerId: request.containerId,
    containerName: request.containerName,
    interfaceName: '',
    hostInterface: '',
    address: undefined,
    macAddress: '',
  };
  parts.database.transaction(() => {
    refuseSecondEndpoint(parts, network, request);
    parts.endpoints.insert(row);
  });
  return viewEndpoint(row, network, []);
}

function checkRequest(network: BridgeNetwork, request: AttachRequest): void {
  if (request.address) {
    throw new DhowError(
      'InvalidParameter',
      'user specified IP address is supported on user defined networks only',
    );
  }
  if (request.macAddress && parseMac(request.macAddress) === undefined) {
    throw new DhowError('InvalidParameter', `invalid MAC address "${request.macAddress.slice(0, 60)}"`);
  }
  if (request.ports.length > maximumPorts) {
    throw new DhowError(
      'InvalidParameter',
      `container "${request.containerName}" publishes too many ports on ${network.name}`,
    );
  }
}

function requireSandbox(request: AttachRequest): NamespaceSandbox {
  const { sandbox } = request;
  if (sandbox instanceof NamespaceSandbox && !sandbox.closed) return sandbox;
  throw new DhowError('Internal', `container "${request.containerName}" has no open sandbox to attach`);
}

function refuseSecondEndpoint(parts: EndpointParts, network: NetworkRow, request: AttachRequest): void {
  const present = parts.endpoints.ofContainer(request.containerId);
  if (!present.some((row) => row.networkId === network.id)) return;
  throw new DhowError(
    'Conflict',
    `endpoint with name ${request.containerName} already exists in network ${network.name}`,
  );
}

function noFreeAddress(network: BridgeNetwork): DhowError {
  const { subnet } = network;
  const count = lastAddress(subnet) - subnet.address - 2;
  return new DhowError(
    'ResourceExhausted',
    `no available IPv4 addresses on network "${network.name}" (${formatSubnet(subnet)}): ` +
      `all ${count} are in use; remove containers or use another network`,
  );
}
