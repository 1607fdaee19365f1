import type { Duplex, Readable } from 'node:stream';

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
  /** `end()` closes only our half; the daemon may still send. */
  stream: Duplex;
}
