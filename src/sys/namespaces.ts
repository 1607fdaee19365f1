import fs from 'node:fs';
import { check, libc } from '#sys/libc.ts';

/**
 * Network namespaces of threads. A namespace belongs to a thread, and JavaScript shares its main thread with every
 * request: a namespace is therefore entered and left in one synchronous bracket, with no `await` inside.
 *
 * Other threads do not move. But what they see under /proc/self/net, /proc/net and /proc/self/ns is the main thread's,
 * so during a bracket it is the sandbox's: read those files synchronously, on the main thread.
 */
const CLONE_NEWNET = 0x40000000;
const CLONE_NEWNS = 0x00020000;
const CLONE_FS = 0x00000200;

const unshareFunction = libc.func('int unshare(int flags)');
const setnsFunction = libc.func('int setns(int fd, int type)');

/** `thread-self` and not `self`: the latter is the main thread's namespace also when a worker thread asks. */
const ownNamespace = '/proc/thread-self/ns/net';

export interface NetworkNamespace<T> {
  /** Holds the namespace alive; the caller closes it. */
  fd: number;
  /** What `inside` returned. */
  result: T;
}

/**
 * Creates a network namespace and runs `inside` in it, then returns to the namespace of before. Aborts the process
 * when the way back fails: everything that it did from then on would happen to the wrong network.
 *
 * @param inside synchronous; it may open sockets, which stay in the fresh namespace
 * @throws SystemError (EPERM without CAP_SYS_ADMIN, ENOSPC at the limit user.max_net_namespaces)
 */
export function createNetworkNamespace<T>(inside: () => T): NetworkNamespace<T> {
  const home = fs.openSync(ownNamespace, 'r');
  let fd = -1;
  try {
    check('unshare', unshareFunction(CLONE_NEWNET), 'CLONE_NEWNET');
    try {
      fd = fs.openSync(ownNamespace, 'r');
      return { fd, result: inside() };
    } finally {
      if (setnsFunction(home, CLONE_NEWNET) === -1) process.abort();
    }
  } catch (error) {
    if (fd !== -1) fs.closeSync(fd);
    throw error;
  } finally {
    fs.closeSync(home);
  }
}

/**
 * Runs `inside` in an existing network namespace; the same rules as for `createNetworkNamespace`.
 * @param fd a descriptor of the namespace
 */
export function inNetworkNamespace<T>(fd: number, inside: () => T): T {
  const home = fs.openSync(ownNamespace, 'r');
  try {
    check('setns', setnsFunction(fd, CLONE_NEWNET), 'network namespace');
    try {
      return inside();
    } finally {
      if (setnsFunction(home, CLONE_NEWNET) === -1) process.abort();
    }
  } finally {
    fs.closeSync(home);
  }
}

/**
 * Gives the calling thread a mount namespace of its own, for the rest of its life: for worker threads only. Its mounts are
 * unseen by all others and vanish with the thread, however that ends.
 * @throws SystemError
 */
export function leaveMountNamespace(): void {
  check('unshare', unshareFunction(CLONE_FS | CLONE_NEWNS), 'CLONE_NEWNS');
}
