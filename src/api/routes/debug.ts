import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { DhowError } from '#errors/error.ts';
import { mediaTypes } from '#wire/media-types.ts';

const longestProfileSeconds = 300;

/**
 * What a maintainer asks of a daemon that misbehaves; no part of Docker's API. Served only while `enabled`: a heap holds secrets, and
 * writing it down stops everything else meanwhile.
 *
 * @param requests those under way
 */
export function debugRoutes(enabled: () => boolean, requests: () => readonly Exchange[]): Route[] {
  const route = (path: string, handler: Route['handler']): Route => ({
    method: 'GET',
    path,
    handler(exchange) {
      if (enabled()) return handler(exchange);
      throw new DhowError('NotFound', 'page not found: a daemon serves it that runs with --debug');
    },
  });
  return [
    route('/debug/state', (exchange) =>
      exchange.sendJson(200, {
        uptimeSeconds: process.uptime(),
        memory: process.memoryUsage(),
        resources: process.resourceUsage(),
        activeResources: countOf(process.getActiveResourcesInfo()),
        requests: requests().map(({ request, startedAt }) => ({
          method: request.method,
          path: request.url?.split('?', 1)[0],
          seconds: (performance.now() - startedAt) / 1000,
        })),
      }),
    ),
    route('/debug/report', sendReport),
    route('/debug/heap-snapshot', sendHeapSnapshot),
    route('/debug/cpu-profile', sendCpuProfile),
  ];
}

/** Stacks, threads and open handles, as Node knows them. */
function sendReport(exchange: Exchange): void {
  // Neither the environment, which may hold passwords, nor the names of peers, which would be looked up one after the other.
  Object.assign(process.report, { excludeEnv: true, excludeNetwork: true });
  exchange.sendJson(200, process.report.getReport());
}

/** For the Memory page of Chrome's developer tools. */
async function sendHeapSnapshot(exchange: Exchange): Promise<void> {
  const stream = exchange.openStream(mediaTypes.json);
  for await (const chunk of getHeapSnapshot()) await stream.write(chunk, exchange.signal);
  stream.end();
}

/** For the Performance page of Chrome's developer tools. */
async function sendCpuProfile(exchange: Exchange): Promise<void> {
  const seconds = exchange.query.integer('seconds') ?? 30;
  if (seconds < 1 || seconds > longestProfileSeconds) {
    throw new DhowError('InvalidParameter', `seconds must be a number from 1 to ${longestProfileSeconds}`);
  }
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await delay(seconds * 1000, undefined, { signal: exchange.signal });
    const { profile } = await session.post('Profiler.stop');
    exchange.sendJson(200, profile);
  } finally {
    session.disconnect();
  }
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
