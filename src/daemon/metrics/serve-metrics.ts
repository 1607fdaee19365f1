import { once } from 'node:events';
import { createServer } from 'node:http';
import { formatMetrics, type Metric } from '#daemon/metrics/metric.ts';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * Serves the metrics at `/metrics` to whoever reaches the address: they are numbers about the machine, without the names of containers.
 * @returns the URL
 * @throws Unavailable when the address cannot be had
 */
export async function serveMetrics(
  metrics: readonly Metric[],
  { host, port }: { host: string; port: number },
): Promise<{ url: string } & Disposable> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end('only GET /metrics is to be had here\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(formatMetrics(metrics));
  });
  try {
    const listening = once(server, 'listening');
    server.listen(port, host);
    await listening;
  } catch (cause) {
    throw new DhowError('Unavailable', `cannot serve metrics at ${host}:${port}: ${messageOf(cause)}`, {
      cause,
    });
  }
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound ? bound.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}/metrics`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
