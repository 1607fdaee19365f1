import { decodeExecCreate, decodeExecStart } from '#api/decode/exec.ts';
import { encodeExec } from '#api/encode/exec.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { streamType } from '#api/routes/container-streams.ts';
import { sizeOf } from '#api/routes/containers.ts';
import { parseDetachKeys } from '#api/streams/detach-keys.ts';
import { serveSession } from '#api/streams/session.ts';
import type { ContainerService, ExecSettings } from '#engine/containers.ts';
import { findDhowError, messageOf } from '#errors/error.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

/** Further processes in a running container. */
export function execRoutes(containers: ContainerService): Route[] {
  async function create(exchange: Exchange): Promise<void> {
    const settings = decodeExecCreate(await exchange.readJson());
    exchange.sendJson(201, { Id: containers.execCreate(exchange.parameter('id'), settings) });
  }

  async function start(exchange: Exchange): Promise<void> {
    const options = decodeExecStart(await exchange.readJson());
    const { id, settings } = containers.execGet(exchange.parameter('id'));
    try {
      const session = await containers.execStart(id, options);
      if (session === undefined) {
        exchange.sendEmpty(200);
        return;
      }
      const socket = exchange.hijack(streamType(exchange, session.terminal));
      const detachKeys = parseDetachKeys(settings.detachKeys);
      await serveSession(socket, session, {
        stdin: settings.attachStdin,
        detachKeys,
        framed: !session.terminal,
      });
    } catch (error) {
      if (options.detach || exchange.begun || !isExecutableError(error)) throw error;
      sendFailure(exchange, settings, messageOf(error));
    }
  }

  return [
    { method: 'POST', path: '/containers/{id}/exec', handler: create },
    { method: 'POST', path: '/exec/{id}/start', handler: start },
    {
      method: 'POST',
      path: '/exec/{id}/resize',
      async handler(exchange) {
        await containers.execResize(exchange.parameter('id'), sizeOf(exchange));
        exchange.sendEmpty(200);
      },
    },
    {
      method: 'GET',
      path: '/exec/{id}/json',
      handler: (exchange) => exchange.sendJson(200, encodeExec(containers.execGet(exchange.parameter('id')))),
    },
  ];
}

function isExecutableError(error: unknown): boolean {
  return findDhowError(error)?.reason?.startsWith('executable-') ?? false;
}

/**
 * Docker's client drops the body of an answer that does not upgrade, so the reason goes as output; the client then asks
 * for the exec's exit code, 126 or 127.
 */
function sendFailure(exchange: Exchange, settings: ExecSettings, message: string): void {
  const socket = exchange.hijack(streamType(exchange, settings.terminal));
  const bytes = Buffer.from(`${message}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.end(settings.terminal ? bytes : encodeFrame('stdout', bytes));
  socket.resume();
}
