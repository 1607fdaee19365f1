import type { Duplex, Readable } from 'node:stream';
import { decodeDaemonError } from '#client/daemon-error.ts';
import { exchange, type Reply, StaleConnection } from '#client/http/connection.ts';
import { createConnectionPool } from '#client/http/pool.ts';
import { encodeRequest } from '#client/http/request.ts';
import { discardBody, readText } from '#client/read-body.ts';
import type { Transport } from '#client/transport.ts';
import { DhowError } from '#errors/error.ts';

/**
 * A connection to one daemon: HTTP requests in Docker's Engine API. The files beside this one (`containers.ts`, `images.ts`, …)
 * hold a typed function for each operation, with the client as first parameter, so that a command loads only what it uses.
 */
export interface Client {
  /**
   * Sends one request and waits for the head of the answer.
   * @throws a DaemonError for a status of 400 and above (kind and reason as the daemon said); Unavailable when the daemon cannot
   *   be reached or hangs up; Cancelled on abort
   */
  request(request: ClientRequest, signal?: AbortSignal): Promise<ClientResponse>;
  /** Sends a request that turns the connection into a raw byte stream (`attach`, `exec`). */
  upgrade(request: ClientRequest, signal?: AbortSignal): Promise<UpgradedResponse>;
  /** A connection of its own, for bytes that the caller makes. @throws as `request` */
  connect(signal?: AbortSignal): Promise<Duplex>;
  /** The daemon's address, for messages. */
  readonly address: string;
  /** Closes idle connections; requests under way go on. */
  close(): void;
}

export interface ClientRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version prefix, such as `/containers/json`. Parts that are not constant must be escaped by `encodeURIComponent`. */
  path: string;
  /** `undefined` values are left out; arrays give one parameter for each element. */
  query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string>>;
  /** A plain value is sent as JSON, bytes and streams as they are. */
  body?: RequestBody;
}

export type RequestBody =
  | { json: unknown }
  | { bytes: Uint8Array; contentType: string }
  | { stream: AsyncIterable<Uint8Array>; contentType: string };

export interface ClientResponse {
  status: number;
  /** Names in lower case; repeated ones joined by `, `. */
  headers: Readonly<Record<string, string>>;
  /** Must be read to its end or destroyed. */
  body: Readable;
}

export interface UpgradedResponse {
  headers: Readonly<Record<string, string>>;
  /** Paused. `end()` closes only our half; the daemon may still send. */
  stream: Duplex;
}

/** Longer error texts are cut: they are for a person to read. */
const maximumErrorBytes = 256 * 1024;

/**
 * Requests go to paths without a version unless `apiVersion` is given: every daemon, Docker's included, then answers in the
 * newest version that it speaks, and the round trip of asking for it first (`/_ping`) is spared.
 */
export function createClient(parts: { transport: Transport; apiVersion?: string }): Client {
  const { transport, apiVersion } = parts;
  const pool = createConnectionPool();

  async function send(request: ClientRequest, upgrade: boolean, signal?: AbortSignal): Promise<Reply> {
    const encoded = encodeRequest(request, { hostHeader: transport.hostHeader, apiVersion, upgrade });
    const kept = upgrade ? undefined : pool.take();
    if (kept !== undefined) {
      try {
        return await exchange(kept, encoded, () => pool.give(kept), signal);
      } catch (error) {
        // The daemon closed the idle connection just now. Only what changes nothing may be sent twice.
        const repeatable = request.method === 'GET' || request.method === 'HEAD';
        if (!(error instanceof StaleConnection) || !repeatable) throw describe(error);
      }
    }
    const stream = await transport.connect(signal);
    try {
      return await exchange(stream, encoded, () => pool.give(stream), signal);
    } catch (error) {
      throw describe(error);
    }
  }

  function describe(error: unknown): unknown {
    if (!(error instanceof StaleConnection)) return error;
    return new DhowError('Unavailable', `the daemon at ${transport.address} hung up: ${error.message}`);
  }

  async function refuse(reply: Reply): Promise<never> {
    const { status } = reply.head;
    if (reply.body === undefined) throw decodeDaemonError(status, '');
    if (status >= 400) throw decodeDaemonError(status, await readText(reply.body, maximumErrorBytes, 'cut'));
    await discardBody(reply.body);
    throw new DhowError('Unavailable', `the daemon answered an upgrade with status ${status}`);
  }

  return {
    address: transport.address,
    async request(request, signal) {
      const reply = await send(request, false, signal);
      if (reply.body === undefined || reply.head.status >= 400) return refuse(reply);
      return { status: reply.head.status, headers: reply.head.headers, body: reply.body };
    },
    async upgrade(request, signal) {
      const reply = await send(request, true, signal);
      if (reply.stream === undefined) return refuse(reply);
      return { headers: reply.head.headers, stream: reply.stream };
    },
    connect: (signal) => transport.connect(signal),
    close: () => pool.close(),
  };
}
