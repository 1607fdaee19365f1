import { Filters } from '#api/decode/filters.ts';
import { decodeTimestamp } from '#api/decode/timestamps.ts';
import { encodeEvent } from '#api/encode/events.ts';
import { encodeInfo, encodeVersion } from '#api/encode/system.ts';
import { eventFilterNames, matchesEvent } from '#api/filter/events.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { Engine } from '#engine/engine.ts';
import { encodeJsonLine } from '#wire/json-lines.ts';
import { mediaTypes } from '#wire/media-types.ts';

export function systemRoutes(engine: Pick<Engine, 'system' | 'events'>): Route[] {
  const { system, events } = engine;

  function ping(exchange: Exchange): void {
    exchange.setHeaders({
      'Cache-Control': 'no-cache, no-store, must-revalidate',
      Pragma: 'no-cache',
      // 1 is the builder before BuildKit.
      'Builder-Version': '2',
      Swarm: 'inactive',
    });
    exchange.sendText(200, 'OK');
  }

  async function info(exchange: Exchange): Promise<void> {
    const context = { version: system.version(), devices: await system.listDevices(), now: new Date() };
    exchange.sendJson(200, encodeInfo(system.info(), { ...context, minor: exchange.minor }));
  }

  async function watch(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const filters = Filters.parse(query.text('filters'), eventFilterNames);
    const since = decodeTimestamp(query.text('since'), 'since');
    const until = decodeTimestamp(query.text('until'), 'until');
    const stream = exchange.openStream(mediaTypes.json);
    const options = {
      ...(since === undefined ? {} : { since: new Date(since * 1000) }),
      ...(until === undefined ? {} : { until: new Date(until * 1000) }),
      signal,
    };
    for await (const event of events.watch(options)) {
      if (matchesEvent(event, filters)) await stream.write(encodeJsonLine(encodeEvent(event)), signal);
    }
    stream.end();
  }

  return [
    { method: 'GET', path: '/_ping', handler: ping },
    { method: 'HEAD', path: '/_ping', handler: ping },
    {
      method: 'GET',
      path: '/version',
      handler: (exchange) => exchange.sendJson(200, encodeVersion(system.version())),
    },
    {
      method: 'GET',
      path: '/info',
      handler: info,
    },
    { method: 'GET', path: '/events', handler: watch },
  ];
}
