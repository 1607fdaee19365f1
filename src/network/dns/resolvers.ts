import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { AnswerQuery } from '#network/dns/answer-query.ts';
import { listen } from '#network/dns/listen.ts';
import { openResolverSockets } from '#network/kernel/resolver-sockets.ts';
import type { NamespaceSandbox } from '#network/kernel/sandbox.ts';
import type { EndpointTable } from '#network/tables/endpoints.ts';

/**
 * The resolvers of containers, at 127.0.0.11 inside each one's namespace. A resolver ends with the daemon: until the next
 * one has started it again, queries are refused at once.
 */
export interface Resolvers {
  has(containerId: string): boolean;
  /** Opens the sockets in the container's namespace, which they hold until `stop`. @throws SystemError */
  start(containerId: string, sandbox: NamespaceSandbox): void;
  stop(containerId: string): void;
  stopAll(): void;
}

/** @param ports where the ports of resolvers are kept for the next daemon, which then need not change the rules for them */
export function createResolvers(
  answerQuery: AnswerQuery,
  ports: Pick<EndpointTable, 'resolverPort' | 'setResolverPort'>,
  log: Log,
): Resolvers {
  const running = new Map<string, Disposable>();
  function stop(containerId: string): void {
    const resolver = running.get(containerId);
    running.delete(containerId);
    try {
      resolver?.[Symbol.dispose]();
    } catch (error) {
      log.warn('resolver could not be closed', { container: containerId, error: messageOf(error) });
    }
  }
  return {
    has: (containerId) => running.has(containerId),
    start(containerId, sandbox) {
      stop(containerId);
      const earlierPort = ports.resolverPort(containerId);
      const { port, ...sockets } = openResolverSockets(sandbox, earlierPort);
      if (port !== earlierPort) ports.setResolverPort(containerId, port);
      running.set(
        containerId,
        listen(containerId, sockets, answerQuery, { now: () => performance.now(), log }),
      );
    },
    stop,
    stopAll() {
      for (const containerId of [...running.keys()]) stop(containerId);
    },
  };
}
