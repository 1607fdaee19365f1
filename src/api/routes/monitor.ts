import { encodeStats } from '#api/encode/stats.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { Engine } from '#engine/engine.ts';
import { encodeJsonLine } from '#wire/json-lines.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type { ContainerTop } from '#wire/stats.ts';

/** What runs in a container, and what it uses. */
export function monitorRoutes({ containers, monitor }: Pick<Engine, 'containers' | 'monitor'>): Route[] {
  async function top(exchange: Exchange): Promise<void> {
    const psOptions = exchange.query.optionalText('ps_args') ?? '-ef';
    const { titles, processes } = await monitor.top(exchange.parameter('id'), psOptions);
    exchange.sendJson(200, { Titles: titles, Processes: processes } satisfies ContainerTop);
  }

  async function stats(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const { id } = containers.get(exchange.parameter('id'));
    // `stream` is on unless it is switched off.
    const stream = query.optionalText('stream') === undefined || query.flag('stream');
    const oneShot = query.flag('one-shot');
    const answer = exchange.openStream(mediaTypes.json);
    for await (const sample of monitor.stats(id, { stream, oneShot }, signal)) {
      await answer.write(encodeJsonLine(encodeStats(sample)), signal);
    }
    answer.end();
  }

  return [
    { method: 'GET', path: '/containers/{id}/top', handler: top },
    { method: 'GET', path: '/containers/{id}/stats', handler: stats },
  ];
}
