import type { Route } from '#api/http/router.ts';
import type { Buildkit } from '#buildkit/buildkit.ts';

/** Connections that clients of BuildKit build by; what passes on them is in the room `buildkit`. */
export function buildkitRoutes(buildkit: Buildkit): Route[] {
  return [
    {
      method: 'POST',
      path: '/grpc',
      handler: (exchange) => buildkit.serveControl(exchange.hijackForHttp2(), exchange.signal),
    },
    {
      method: 'POST',
      path: '/session',
      handler: (exchange) => buildkit.acceptSession(exchange.hijackForHttp2(), exchange.request.headers),
    },
  ];
}
