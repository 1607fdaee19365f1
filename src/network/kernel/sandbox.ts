import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import type { Sandbox } from '#network/network.ts';
import { hasCode } from '#sys/libc.ts';
import { createNetworkNamespace, inNetworkNamespace } from '#sys/namespaces.ts';
import { type NetlinkSocket, netlinkProtocols, openNetlink } from '#sys/netlink.ts';
import { deleteLink, setUp } from '#sys/netlink-link.ts';
import { writeSysctl } from '#sys/sysctl.ts';

/** The loopback device is the first of every namespace. */
const loopbackIndex = 1;

/** A namespace and a netlink socket inside it, by which it is configured from outside. */
export class NamespaceSandbox implements Sandbox {
  readonly path: string;
  readonly namespaceFd: number;
  readonly netlink: NetlinkSocket;
  #closed = false;

  constructor(namespaceFd: number, netlink: NetlinkSocket) {
    this.namespaceFd = namespaceFd;
    this.netlink = netlink;
    this.path = `/proc/${process.pid}/fd/${namespaceFd}`;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** For interfaces that have no end on the host. */
  deleteInterface(name: string): void {
    try {
      this.netlink.request([deleteLink(name)], `delete interface ${name}`);
    } catch (error) {
      if (!hasCode(error, 'ENODEV')) throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.netlink.close();
    fs.closeSync(this.namespaceFd);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** See `ContainerNetworking.createSandbox`. @throws Forbidden without the privilege; ResourceExhausted at the kernel's limit of namespaces or descriptors */
export function createNamespaceSandbox(namespaceFd?: number): NamespaceSandbox {
  try {
    const { fd, result: netlink } =
      namespaceFd === undefined
        ? createNetworkNamespace(prepareNamespace)
        : { fd: namespaceFd, result: inNetworkNamespace(namespaceFd, prepareNamespace) };
    const sandbox = new NamespaceSandbox(fd, netlink);
    netlink.request([setUp(loopbackIndex)], 'bring up the loopback device');
    return sandbox;
  } catch (error) {
    if (namespaceFd !== undefined) fs.closeSync(namespaceFd);
    if (hasCode(error, 'EPERM')) {
      throw new DhowError('Forbidden', 'cannot create a network namespace: the daemon needs CAP_SYS_ADMIN', {
        cause: error,
      });
    }
    if (hasCode(error, 'ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM')) {
      throw new DhowError(
        'ResourceExhausted',
        'cannot create another network namespace: a limit of the kernel is reached (user.max_net_namespaces or open files)',
        { cause: error },
      );
    }
    throw error;
  }
}

function prepareNamespace(): NetlinkSocket {
  disableIpv6OfLaterInterfaces();
  return openNetlink(netlinkProtocols.route);
}

/**
 * A sandbox for the namespace of a running container.
 * @param path such as `/proc/<pid>/ns/net`
 * @throws NotFound when the process is gone
 */
export function openNamespaceSandbox(path: string): NamespaceSandbox {
  let fd: number;
  try {
    fd = fs.openSync(path, 'r');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ESRCH')) throw error;
    throw new DhowError('NotFound', `there is no network namespace ${path}: its process has ended`, {
      cause: error,
    });
  }
  try {
    return new NamespaceSandbox(
      fd,
      inNetworkNamespace(fd, () => openNetlink(netlinkProtocols.route)),
    );
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/**
 * Interfaces get IPv6 when their network has it; without this a neighbour's router advertisements could give the others
 * IPv6 addresses that no rule of ours looks at. The loopback device exists already and keeps ::1, as in Docker.
 */
function disableIpv6OfLaterInterfaces(): void {
  try {
    writeSysctl('net/ipv6/conf/default/disable_ipv6', '1');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
