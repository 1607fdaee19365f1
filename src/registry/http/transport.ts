import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { networkFailure, TimeoutFailure } from '#registry/failures/network.ts';
import { createProxyFor } from '#registry/hosts/proxy.ts';
import type { TlsSettings, Trust } from '#registry/hosts/trust.ts';
import type { ProxyOptions, RegistryLimits } from '#registry/registry.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  url: URL;
  headers: OutgoingHttpHeaders;
  body?: RequestBody;
}

/** Bytes, or something that gives the same ones each time it is opened. Streams need a `content-length` header. */
export type RequestBody = string | Uint8Array | { open(): AsyncIterable<Uint8Array> };

/** Single exchanges over kept connections: no redirects, no retries, any status is a result. */
export interface Transport extends Disposable {
  /** @throws TransientFailure or DhowError (Unavailable); the signal's reason when aborted; what reading the body throws */
  send(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage>;
}

export interface TransportOptions {
  userAgent: string;
  proxy: ProxyOptions | undefined;
  limits: RegistryLimits;
  trust: Trust;
}

/** Enough hosts for any real use; a server that redirects to ever new ones must not fill the memory. */
const maxAgents = 100;

export function createTransport(options: TransportOptions): Transport {
  const { limits, trust } = options;
  const agentOptions = {
    keepAlive: true,
    maxSockets: limits.connectionsPerHost,
    maxFreeSockets: limits.connectionsPerHost,
    scheduling: 'lifo' as const,
  };
  const proxyFor = createProxyFor(options.proxy ?? {});
  const plain = { direct: new HttpAgent(agentOptions), proxied: undefined as HttpAgent | undefined };
  const encrypted = new Map<string, { agent: HttpsAgent; tls: TlsSettings }>();

  async function agentFor(url: URL): Promise<HttpAgent | HttpsAgent> {
    const proxyEnv = proxyFor(url);
    if (url.protocol === 'http:') {
      if (proxyEnv === undefined) return plain.direct;
      plain.proxied ??= new HttpAgent({ ...agentOptions, proxyEnv });
      return plain.proxied;
    }
    const tls = await trust.tlsFor(url.host);
    const known = encrypted.get(url.host);
    if (known?.tls === tls) return known.agent;
    // The host is trusted for other reasons than before: what is under way may end, nothing begins on the old connections.
    for (const socket of Object.values(known?.agent.freeSockets ?? {}).flat()) socket?.destroy();
    if (encrypted.size >= maxAgents) {
      for (const { agent } of encrypted.values()) agent.destroy();
      encrypted.clear();
    }
    const agent = new HttpsAgent({ ...agentOptions, proxyEnv, ...tls });
    encrypted.set(url.host, { agent, tls });
    return agent;
  }

  return {
    async send(request, signal) {
      signal.throwIfAborted();
      const agent = await agentFor(request.url);
      const proxy = proxyFor(request.url)?.['HTTP_PROXY'];
      for (let isSecond = false; ; isSecond = true) {
        try {
          return await exchange(request, agent, options, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof BodyFailure) throw error.cause;
          // The server may close a kept connection just as we use it again; that says nothing about the server.
          if (error instanceof StaleConnection && !isSecond) continue;
          const cause = error instanceof StaleConnection ? error.cause : error;
          throw networkFailure(cause, request.url, proxy && new URL(proxy).host);
        }
      }
    },
    [Symbol.dispose]() {
      plain.direct.destroy();
      plain.proxied?.destroy();
      for (const { agent } of encrypted.values()) agent.destroy();
    },
  };
}

class StaleConnection extends Error {}

/** What was to be sent could not be read; that says nothing about the network. */
class BodyFailure extends Error {}

function exchange(
  request: HttpRequest,
  agent: HttpAgent | HttpsAgent,
  { limits, userAgent }: TransportOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { url, method, body } = request;
  const isEncrypted = url.protocol === 'https:';
  const { hostname, port, path } = urlToHttpOptions(url);
  // A registry may keep a blob under `Content-Encoding: gzip`; asking for identity gets the bytes the digest names.
  const headers = { 'user-agent': userAgent, 'accept-encoding': 'identity', ...request.headers };
  return new Promise((resolve, reject) => {
    const outgoing = (isEncrypted ? httpsRequest : httpRequest)({
      hostname,
      port,
      path,
      method,
      headers,
      agent,
      signal,
    });
    let timer: NodeJS.Timeout | undefined;
    const expect = (what: string, ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => outgoing.destroy(new TimeoutFailure(`no ${what} within ${ms / 1000} s`)), ms);
    };
    // The clock starts when the request gets a socket: until then it waits for its turn and not for the server.
    outgoing.once('socket', (socket: Socket) => {
      if (!socket.connecting) return expect('response', limits.responseTimeoutMs);
      expect('connection', limits.connectTimeoutMs);
      const connected = () => expect('response', limits.responseTimeoutMs);
      socket.once(isEncrypted ? 'secureConnect' : 'connect', connected);
    });
    let isAnswered = false;
    let bodyFailure: BodyFailure | undefined;
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      isAnswered = true;
      // An error between here and the first reader must not be uncaught; readers find it in `errored`.
      response.on('error', () => {});
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      // How much of a stream has arrived is for its sender to find out.
      const isStream = typeof body === 'object' && 'open' in body;
      const isStale = outgoing.reusedSocket && !isStream && 'code' in error && error.code === 'ECONNRESET';
      reject(bodyFailure ?? (isStale ? new StaleConnection(error.message, { cause: error }) : error));
    });
    if (typeof body === 'object' && 'open' in body) {
      const progressed = (): void => expect('progress', limits.responseTimeoutMs);
      writeBody(outgoing, body.open(), () => isAnswered, progressed).catch((error: unknown) => {
        // A refusal may come before all is sent; then it is the refusal that counts.
        if (isAnswered) return;
        bodyFailure = new BodyFailure('the body cannot be read', { cause: error });
        outgoing.destroy(bodyFailure);
      });
    } else {
      outgoing.end(body);
    }
  });
}

/** Sends a stream at the server's pace, and stops when the server has answered already. */
async function writeBody(
  outgoing: ClientRequest,
  bytes: AsyncIterable<Uint8Array>,
  isAnswered: () => boolean,
  progressed: () => void,
): Promise<void> {
  for await (const chunk of bytes) {
    if (isAnswered() || outgoing.destroyed) {
      // What was promised by its length is not coming: the connection cannot be used again.
      outgoing.destroy();
      return;
    }
    if (!outgoing.write(chunk)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          outgoing.off('drain', done);
          outgoing.off('close', done);
          outgoing.off('response', done);
          resolve();
        };
        outgoing.on('drain', done);
        outgoing.on('close', done);
        outgoing.on('response', done);
      });
    }
    if (!isAnswered()) progressed();
  }
  outgoing.end();
}
