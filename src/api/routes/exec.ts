import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeExecCreate, decodeExecStart } from '#api/decode/exec.ts';
import { encodeExec } from '#api/encode/exec.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { streamType } from '#api/routes/container-streams.ts';
import { sizeOf } from '#api/routes/containers.ts';
import { serveSession } from '#api/streams/session.ts';
import type { ContainerService } from '#engine/containers.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';
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
    const detachKeys = parseDetachKeys(settings.detachKeys);
    const starting = containers.execStart(id, options);
    if (options.detach) {
      await starting;
      exchange.sendEmpty(200);
      return;
    }
    // An exec that cannot be started any more has a status. Everything else comes after the headers, as with Docker, and on the
    // stream: docker-py loses output that arrives in one piece with them, and Docker's own client drops the body of an answer that
    // does not upgrade.
    await Promise.race([starting, nextTurn()]).catch((error: unknown) => {
      if (kindOf(error) === 'Conflict') throw error;
    });
    const socket = exchange.hijack(streamType(exchange, settings.terminal));
    socket.on('error', () => socket.destroy());
    // Input that comes early waits for the process.
    socket.pause();
    const session = await starting.catch((error: unknown) => {
      exchange.report(error);
      sendFailure(socket, settings.terminal, messageOf(error));
    });
    if (session === undefined) return;
    const framed = !session.terminal;
    const served = serveSession(socket, session, { stdin: settings.attachStdin, detachKeys, framed });
    socket.resume();
    await served;
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

/** Docker's client shows it as output, and then asks for the exec's exit code, such as 127. */
function sendFailure(socket: Duplex, terminal: boolean, message: string): void {
  const bytes = Buffer.from(`${message}\r\n`);
  socket.end(terminal ? bytes : encodeFrame('stdout', bytes));
  socket.resume();
}
