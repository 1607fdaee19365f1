import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { DhowError } from '#errors/error.ts';

/** One message of a client's; what a person types is far shorter, and larger input comes in several. */
const maxMessageBytes = 1024 * 1024;

/**
 * Speaks WebSocket (RFC 6455) on a connection whose client asked for it: what is written goes out as binary messages, messages that
 * come are read as bytes. The end of either side closes the connection.
 * @throws InvalidParameter when the request is no proper hand-shake
 */
export function acceptWebSocket(request: IncomingMessage, socket: Duplex): Promise<Duplex> {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  server.once('wsClientError', (cause) =>
    reject(new DhowError('InvalidParameter', `no WebSocket hand-shake: ${cause.message}`, { cause })),
  );
  server.handleUpgrade(request, socket, Buffer.alloc(0), (client) => {
    const stream = createWebSocketStream(client);
    // Browsers and tools end by closing, in whatever way.
    stream.on('error', () => stream.destroy());
    resolve(stream);
  });
  return promise;
}
