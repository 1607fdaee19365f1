import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import { resolverAddress } from '#network/resolv-conf.ts';
import { check, hasCode, libc } from '#sys/libc.ts';
import { inNetworkNamespace } from '#sys/namespaces.ts';
import { netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import {
  type Expression,
  equals,
  makeTable,
  metaProtocol,
  payload,
  type SmallChain,
  setPayload,
} from '#sys/netlink-nft-rules.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUFFORCE = 33;
/** For some thousand questions at once; the kernel's default loses what is beyond three hundred, and clients wait seconds before they ask again. */
const receiveBufferBytes = 1024 * 1024;
const backlog = 64;
const attempts = 20;

const socketFunction = libc.func('int socket(int domain, int type, int protocol)');
const bindFunction = libc.func('int bind(int fd, const void *address, unsigned int length)');
const listenFunction = libc.func('int listen(int fd, int backlog)');
const getsocknameFunction = libc.func(
  'int getsockname(int fd, _Out_ uint8_t *address, _Inout_ unsigned int *length)',
);
const setIntegerOption = libc.func(
  'int setsockopt(int fd, int level, int name, const int *value, unsigned int length)',
);

const addressBytes = Buffer.from(resolverAddress.split('.').map(Number));
const domainPort = 53;
const tableName = 'dhow_resolver';

/**
 * Opens the sockets of a resolver in a sandbox: UDP and TCP on 127.0.0.11, both on one free port, and rules that let it
 * appear as port 53. Port 53 itself stays free, for name servers that run in containers and want it on all addresses.
 *
 * The rules change ports in passing packets and keep no state: address translation would make the kernel track every
 * connection of the container. An "unreachable" for a resolver whose daemon is gone must name port 53 too, or the client
 * would not recognise it as the answer to its query and wait.
 *
 * @param earlierPort the one that the rules in the sandbox are for already
 */
export function openResolverSockets(
  sandbox: NamespaceSandbox,
  earlierPort: number | undefined,
): ResolverPorts {
  return inNetworkNamespace(sandbox.namespaceFd, () => {
    const sockets = openPair(earlierPort);
    try {
      if (sockets.port !== earlierPort) redirect(sockets.port);
      return sockets;
    } catch (error) {
      closeAll(sockets);
      throw error;
    }
  });
}

interface ResolverPorts {
  udpFd: number;
  tcpFd: number;
  port: number;
}

/** The port of before, else a free one; one that is free for UDP is taken for TCP now and then. */
function openPair(earlierPort: number | undefined): ResolverPorts {
  for (let attempt = 1; ; attempt++) {
    const udpFd = openSocket(SOCK_DGRAM);
    let tcpFd = -1;
    try {
      const bufferBytes = [receiveBufferBytes];
      check(
        'setsockopt',
        setIntegerOption(udpFd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes, 4),
        resolverAddress,
      );
      bind(udpFd, attempt === 1 ? (earlierPort ?? 0) : 0);
      const port = portOf(udpFd);
      tcpFd = openSocket(SOCK_STREAM);
      check('setsockopt', setIntegerOption(tcpFd, SOL_SOCKET, SO_REUSEADDR, [1], 4), resolverAddress);
      bind(tcpFd, port);
      check('listen', listenFunction(tcpFd, backlog), resolverAddress);
      return { udpFd, tcpFd, port };
    } catch (error) {
      closeAll({ udpFd, tcpFd });
      if (attempt === attempts || !hasCode(error, 'EADDRINUSE')) throw error;
    }
  }
}

function openSocket(type: number): number {
  return check('socket', socketFunction(AF_INET, type | SOCK_CLOEXEC, 0), resolverAddress);
}

function bind(fd: number, port: number): void {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set(addressBytes, 4);
  check('bind', bindFunction(fd, address, address.length), resolverAddress);
}

function portOf(fd: number): number {
  const address = Buffer.alloc(16);
  check('getsockname', getsocknameFunction(fd, address, [address.length]), resolverAddress);
  return address.readUInt16BE(2);
}

function closeAll(sockets: Pick<ResolverPorts, 'udpFd' | 'tcpFd'>): void {
  for (const fd of [sockets.udpFd, sockets.tcpFd]) if (fd !== -1) fs.closeSync(fd);
}

const protocols = [
  { number: 6, checksumOffset: 16 },
  { number: 17, checksumOffset: 6 },
];
const icmp = 1;
const icmpUnreachable = Buffer.of(3);
/** In an ICMP error: its own header, the IP header of the packet that it is about, and that one's source port. */
const quotedPortOffset = 8 + 20 + 2;

/** In a namespace of before there are rules for another port. */
function redirect(port: number): void {
  const netfilter = openNetlink(netlinkProtocols.netfilter);
  const chains = redirection(port);
  try {
    makeTable(netfilter, tableName, chains, 'new');
    netfilter.close();
  } catch (error) {
    try {
      if (!hasCode(error, 'EEXIST')) throw error;
      makeTable(netfilter, tableName, chains, 'replaced');
    } finally {
      netfilter.closeInBackground();
    }
  }
}

function redirection(port: number): SmallChain[] {
  const own = portBytes(port);
  const domain = portBytes(domainPort);
  const fromResolver = [payload('network', 12, 4), equals(addressBytes)];
  const toResolver = [payload('network', 16, 4), equals(addressBytes)];
  const isProtocol = (number: number): Expression[] => [metaProtocol(), equals(Buffer.of(number))];
  return [
    {
      name: 'queries',
      hook: 'prerouting',
      rules: protocols.map(({ number, checksumOffset }) => [
        ...toResolver,
        ...isProtocol(number),
        payload('transport', 2, 2),
        equals(domain),
        ...setPayload('transport', 2, own, checksumOffset),
      ]),
    },
    {
      name: 'answers',
      hook: 'output',
      rules: [
        ...protocols.map(({ number, checksumOffset }) => [
          ...fromResolver,
          ...isProtocol(number),
          payload('transport', 0, 2),
          equals(own),
          ...setPayload('transport', 0, domain, checksumOffset),
        ]),
        [
          ...fromResolver,
          ...isProtocol(icmp),
          payload('transport', 0, 1),
          equals(icmpUnreachable),
          payload('transport', quotedPortOffset, 2),
          equals(own),
          ...setPayload('transport', quotedPortOffset, domain, 2),
        ],
      ],
    },
  ];
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(port);
  return bytes;
}
