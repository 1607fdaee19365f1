import { decodeTimestamp } from '#api/decode/timestamps.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { writeLogs } from '#api/streams/logs.ts';
import { serveSession } from '#api/streams/session.ts';
import { framedContentTypeMinor } from '#api/versions.ts';
import type { ContainerService } from '#engine/containers.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';
import { mediaTypes } from '#wire/media-types.ts';

/** What goes on while a container runs: attach, logs, wait. */
export function containerStreamRoutes(containers: ContainerService): Route[] {
  async function attach(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    const detachKeys = parseDetachKeys(query.text('detachKeys'));
    const view = containers.get(exchange.parameter('id'));
    const stream = query.flag('stream');
    const stdin = query.flag('stdin') && stream;
    const fromLogs = query.flag('logs');
    await exchange.skipBody();
    if (!stream && !fromLogs) {
      // Nothing was asked for, and Docker answers with nothing.
      exchange.hijack(streamType(exchange, view.settings.terminal)).end();
      return;
    }
    const session = await containers.attach(view.id, {
      stdin,
      stdout: query.flag('stdout'),
      stderr: query.flag('stderr'),
      stream,
      fromLogs,
    });
    const socket = exchange.hijack(streamType(exchange, session.terminal));
    await serveSession(socket, session, { stdin, detachKeys, framed: !session.terminal });
  }

  async function attachWebSocket(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    const detachKeys = parseDetachKeys(query.text('detachKeys'));
    const view = containers.get(exchange.parameter('id'));
    const stdin = query.flag('stdin');
    const session = await containers.attach(view.id, {
      stdin,
      stdout: query.flag('stdout'),
      stderr: query.flag('stderr'),
      stream: query.flag('stream'),
      fromLogs: query.flag('logs'),
    });
    try {
      const socket = await exchange.openWebSocket();
      await serveSession(socket, session, { stdin, detachKeys, framed: false });
    } finally {
      session.close();
    }
  }

  async function logs(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const view = containers.get(exchange.parameter('id'));
    const stdout = query.flag('stdout');
    const stderr = query.flag('stderr');
    if (!stdout && !stderr) {
      throw new DhowError('InvalidParameter', 'Bad parameters: you must choose at least one stream');
    }
    const since = decodeTimestamp(query.text('since'), 'since');
    const until = decodeTimestamp(query.text('until'), 'until');
    const tail = decodeTail(query.text('tail'));
    // Clients may remove the container when they have the headers: the reading must have begun by then.
    const entries = await containers.logs(
      view.id,
      {
        stdout,
        stderr,
        follow: query.flag('follow'),
        ...(since ? { since } : {}),
        ...(until ? { until } : {}),
        ...(tail === undefined ? {} : { tail }),
      },
      signal,
    );
    const { terminal } = view.settings;
    const stream = exchange.openStream(streamType(exchange, terminal));
    await writeLogs(
      stream,
      entries,
      {
        terminal,
        timestamps: query.flag('timestamps'),
        details: query.flag('details') ? containers.logAttributes(view.id) : undefined,
      },
      signal,
    );
    stream.end();
  }

  async function wait(exchange: Exchange): Promise<void> {
    const condition = decodeCondition(exchange.query.text('condition'));
    const view = containers.get(exchange.parameter('id'));
    const exit = containers.wait(view.id, condition, exchange.signal);
    // Clients start the container when they have the headers: the wait must have begun by then.
    const stream = exchange.openStream(mediaTypes.json);
    const answer = await exit.then(
      ({ exitCode, error }) => ({
        StatusCode: exitCode,
        ...(error === undefined ? {} : { Error: { Message: error } }),
      }),
      (error: unknown) => ({ StatusCode: -1, Error: { Message: messageOf(error) } }),
    );
    stream.push(`${JSON.stringify(answer)}\n`);
    stream.end();
  }

  return [
    { method: 'POST', path: '/containers/{id}/attach', handler: attach },
    { method: 'GET', path: '/containers/{id}/attach/ws', handler: attachWebSocket },
    { method: 'GET', path: '/containers/{id}/logs', handler: logs },
    { method: 'POST', path: '/containers/{id}/wait', handler: wait },
  ];
}

/** How the stream is framed; before 1.42 clients know it from the container alone. */
export function streamType(exchange: Exchange, terminal: boolean): string {
  return terminal || exchange.minor < framedContentTypeMinor
    ? mediaTypes.rawStream
    : mediaTypes.multiplexedStream;
}

/** `all`, as anything that is not a number, is undefined. */
function decodeTail(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function decodeCondition(text: string): 'not-running' | 'next-exit' | 'removed' {
  const condition = text || 'not-running';
  if (condition === 'not-running' || condition === 'next-exit' || condition === 'removed') return condition;
  throw new DhowError('InvalidParameter', `invalid condition: "${text.slice(0, 60)}"`);
}
