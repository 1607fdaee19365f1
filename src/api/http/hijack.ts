import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { DhowError } from '#errors/error.ts';

/**
 * Turns the connection of a request into a raw one: status line and headers are written, and what the client sends from here on
 * is its own. A request without `Upgrade` gets 200 and no length, as Docker's first clients expect; then the HTTP
 * server's listeners are taken off the socket (which also makes Node hand over reading), or it would parse stdin as requests.
 */
export function hijack(options: {
  request: IncomingMessage;
  response: ServerResponse;
  /** What the connection becomes; undefined when the client did not say. */
  upgrade?: string;
  contentType?: string;
  headers: Record<string, string>;
}): Duplex {
  const { request, response, upgrade, contentType, headers } = options;
  const socket = releaseSocket(request, response);
  const lines = [`HTTP/1.1 ${upgrade === undefined ? '200 OK' : '101 UPGRADED'}`];
  if (contentType !== undefined) lines.push(`Content-Type: ${contentType}`);
  if (upgrade !== undefined) lines.push('Connection: Upgrade', `Upgrade: ${upgrade}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

/** Takes a request's connection from the HTTP server, without a word to the client. */
export function releaseSocket(request: IncomingMessage, response: ServerResponse): Duplex {
  // Not the request's socket: an upgrade whose body came in a packet of its own has a stream before that which skips the body.
  const { socket } = response;
  if (!socket) throw new DhowError('Cancelled', 'the client closed the connection');
  request.resume();
  response.detachSocket(socket);
  for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event);
  return socket;
}
