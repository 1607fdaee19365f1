import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWaitingRoom } from '#buildkit/waiting-room.ts';
import { connectGrpc, type GrpcClient } from '#grpc/client.ts';

/** What a client offers its builds: it serves gRPC on a connection that it opened. */
export interface Session {
  /** Whether the client said that it has the method. */
  offers(method: { path: string }): boolean;
  readonly client: GrpcClient;
}

export interface Sessions {
  /**
   * @param headers of the request that became the connection
   * @throws InvalidParameter, Conflict for the session's id
   */
  accept(connection: Duplex, headers: IncomingHttpHeaders): void;
  /** A session by the id that a build names. @throws NotFound; the reason of `signal` */
  find(id: string, signal: AbortSignal): Promise<Session>;
}

export function createSessions(): Sessions {
  const room = createWaitingRoom<Session>('session');
  return {
    accept(connection, headers) {
      const id = String(headers['x-docker-expose-session-uuid'] ?? '');
      const methods = String(headers['x-docker-expose-session-grpc-method'] ?? '').split(',');
      // Go writes the same method as `DiffCopy` and `diffcopy`.
      const offered = new Set(methods.map((method) => method.trim().toLowerCase()));
      const client = connectGrpc(connection);
      room.add(id, { client, offers: ({ path }) => offered.has(path.toLowerCase()) });
      void client.closed.then(() => room.remove(id));
    },
    find: (id, signal) => room.find(id, signal),
  };
}
