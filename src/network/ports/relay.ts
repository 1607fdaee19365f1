import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { bytesOfIp, type IpAddress } from '#network/addresses/ip.ts';
import type { RelayThread } from '#network/ports/relay-thread.ts';
import type { Poller } from '#sys/epoll.ts';
import { acceptConnection, resetConnection, socketAddress } from '#sys/stream-socket.ts';

/** Where the container is at the moment; undefined while it is nowhere. */
export type RelayTarget = () => { address: IpAddress; port: number } | undefined;

export interface RelayParts {
  poller: Pick<Poller, 'watchReadable'>;
  thread: RelayThread;
  log: Log;
}

/** How long to leave clients waiting when there is no descriptor left for one more. */
const restMs = 100;

/**
 * A published port where the kernel cannot translate: a client speaks IPv6 and the container has IPv4 only (or the other
 * way round), or a process of the host uses ::1, whose packets never leave the loopback device. The daemon accepts such
 * connections and passes bytes on; all others it never sees. A relayed connection ends with the daemon, and the container
 * sees the host as the client.
 * @param fd a listening socket that does not block, which is taken over
 */
export function relay(fd: number, target: RelayTarget, { poller, thread, log }: RelayParts): Disposable {
  const id = thread.newRelay();
  let open = true;

  function admit(client: number): void {
    const to = target();
    if (to === undefined) resetConnection(client);
    else thread.connect(id, client, socketAddress(bytesOfIp(to.address), to.port));
  }

  function acceptAll(): void {
    if (!open) return;
    try {
      for (let client = acceptConnection(fd); client !== undefined; client = acceptConnection(fd))
        admit(client);
      watch.resume();
    } catch (error) {
      log.warn('a published port is not relayed', { error: messageOf(error) });
      setTimeout(acceptAll, restMs).unref();
    }
  }

  const watch = poller.watchReadable(fd, acceptAll);
  watch.resume();
  return {
    [Symbol.dispose]() {
      open = false;
      watch.close();
      thread.end(id);
    },
  };
}
