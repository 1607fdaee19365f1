import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { readJsonBody } from '#api/http/body.ts';
import { hijack, releaseSocket } from '#api/http/hijack.ts';
import { Query } from '#api/http/query.ts';
import { openResponseStream, type ResponseStream } from '#api/http/response-stream.ts';
import { acceptWebSocket } from '#api/http/websocket.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { mediaTypes } from '#wire/media-types.ts';

/** Headers that every answer carries. */
export type StandardHeaders = Record<string, string>;

/** `h2c` is HTTP/2, which BuildKit's clients speak. */
export type Upgrade = 'tcp' | 'websocket' | 'h2c';

export interface ExchangeParts {
  request: IncomingMessage;
  response: ServerResponse;
  /** What the client asked to leave HTTP for (`Upgrade`). */
  upgrade: Upgrade | undefined;
  standardHeaders: StandardHeaders;
  log: Log;
}

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly query: Query;
  /** Aborted when the client goes away before its answer is complete, or `cut` is called. */
  readonly signal: AbortSignal;
  /** Resolves when the answer has gone out or its connection is lost; never for one that was taken out of HTTP. */
  readonly closed: Promise<void>;
  /** Minor of the API version that the path names, else the default. Set before the handler runs. */
  minor: number;
  parameters: Record<string, string> = {};
  /** In milliseconds of `performance.now()`. */
  readonly startedAt = performance.now();
  readonly #parts: ExchangeParts;
  readonly #gone = new AbortController();
  readonly #connection: Duplex | null;
  #hijacked = false;
  #streaming = false;

  constructor(parts: ExchangeParts, queryText: string, minor: number) {
    this.#parts = parts;
    this.request = parts.request;
    this.query = new Query(queryText);
    this.minor = minor;
    this.signal = this.#gone.signal;
    this.#connection = parts.response.socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    parts.response.once('close', () => {
      if (!parts.response.writableFinished && !this.#hijacked) {
        this.#gone.abort(new DhowError('Cancelled', 'the client closed the connection'));
      }
      resolve();
    });
  }

  /** Whether it is no HTTP any more. */
  get hijacked(): boolean {
    return this.#hijacked;
  }

  /** Whether the answer goes on for as long as its client or its subject wants. */
  get streaming(): boolean {
    return this.#hijacked || this.#streaming;
  }

  /** Whether the answer has begun: its status can no longer change. */
  get begun(): boolean {
    return this.#hijacked || this.#parts.response.headersSent;
  }

  /** A segment of the path. */
  parameter(name: string): string {
    return this.parameters[name] ?? '';
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Same errors as `readJsonBody`. */
  readJson(): Promise<unknown> {
    return readJsonBody(this.request);
  }

  /** Reads past a body that means nothing, so that what follows it is the client's raw input. */
  async skipBody(): Promise<void> {
    this.request.resume();
    if (!this.request.complete) await once(this.request, 'end', { signal: this.signal });
  }

  setHeaders(headers: Record<string, string>): void {
    for (const [name, value] of Object.entries(headers)) this.#parts.response.setHeader(name, value);
  }

  sendJson(status: number, value: unknown): void {
    this.#send(status, mediaTypes.json, `${JSON.stringify(value)}\n`);
  }

  sendText(status: number, text: string): void {
    this.#send(status, mediaTypes.text, text);
  }

  sendEmpty(status: number): void {
    this.#parts.response.writeHead(status).end();
  }

  /** Begins an answer of unknown length; the headers go out at once. */
  openStream(contentType: string): ResponseStream {
    this.#streaming = true;
    return openResponseStream(this.#parts.response, contentType);
  }

  /**
   * Takes the connection out of HTTP, answering 101 if the client asked for that and 200 otherwise (Engine API,
   * "Hijacking"). The caller owns the socket from here on.
   */
  hijack(contentType: string): Duplex {
    const { request, response, upgrade, standardHeaders } = this.#parts;
    this.#hijacked = true;
    return hijack({
      request,
      response,
      ...(upgrade === 'tcp' ? { upgrade } : {}),
      contentType,
      headers: standardHeaders,
    });
  }

  /**
   * Takes the connection out of HTTP/1.1 for HTTP/2, answering 101. The caller owns it from here on.
   * @throws InvalidParameter when the client did not ask for that
   */
  hijackForHttp2(): Duplex {
    const { request, response, upgrade, standardHeaders } = this.#parts;
    if (upgrade !== 'h2c') {
      throw new DhowError(
        'InvalidParameter',
        'this is for clients of BuildKit: the request has no "Upgrade: h2c"',
      );
    }
    this.#hijacked = true;
    return hijack({ request, response, upgrade, headers: standardHeaders });
  }

  /**
   * Takes the connection out of HTTP for WebSocket; bytes pass both ways, whatever messages they come in.
   * @throws InvalidParameter when the client did not ask for that, or not properly
   */
  async openWebSocket(): Promise<Duplex> {
    const { request, response, upgrade } = this.#parts;
    if (upgrade !== 'websocket') {
      throw new DhowError(
        'InvalidParameter',
        'this is for WebSocket clients: the request has no "Upgrade: websocket"',
      );
    }
    const socket = releaseSocket(request, response);
    this.#hijacked = true;
    return acceptWebSocket(request, socket);
  }

  /** Logs an error that no user caused; all others are told to the client alone. */
  report(error: unknown): void {
    if (kindOf(error) !== 'Internal') return;
    this.#parts.log.error('request failed', {
      method: this.request.method,
      path: this.request.url?.split('?', 1)[0],
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }

  /** Ends the request together with its connection. */
  cut(reason: DhowError): void {
    this.#gone.abort(reason);
    this.#connection?.destroy();
  }

  /** For an error in the middle of an answer: a cut connection is the only honest end. */
  destroy(): void {
    this.#parts.response.destroy();
  }

  #send(status: number, contentType: string, text: string): void {
    const { response, request } = this.#parts;
    response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
    response.end(request.method === 'HEAD' ? undefined : text);
  }
}
