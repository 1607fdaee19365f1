import type { Exchange } from '#api/http/exchange.ts';
import type { Method, Route } from '#api/http/router.ts';
import { DhowError } from '#errors/error.ts';

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Swarm's nouns as a Docker answers that is in no swarm, and plugins as one that has none. */
export function swarmRoutes(): Route[] {
  const routes: Route[] = [
    refusal('GET', '/swarm', 'Unavailable', notManager),
    refusal('GET', '/swarm/unlockkey', 'Unavailable', notManager),
    refusal('POST', '/swarm/update', 'Unavailable', notManager),
    refusal('POST', '/swarm/unlock', 'Unavailable', notManager),
    refusal('POST', '/swarm/leave', 'Unavailable', 'This node is not part of a swarm'),
    refusal('POST', '/swarm/init', 'Unsupported', 'swarm mode is not supported'),
    refusal('POST', '/swarm/join', 'Unsupported', 'swarm mode is not supported'),
    { method: 'GET', path: '/plugins', handler: (exchange: Exchange) => exchange.sendJson(200, []) },
    { method: 'GET', path: '/plugins/{name...}/json', handler: refusePlugin },
    { method: 'DELETE', path: '/plugins/{name...}', handler: refusePlugin },
    refusal('GET', '/plugins/privileges', 'Unsupported', 'plugins are not supported'),
    refusal('POST', '/plugins/{rest...}', 'Unsupported', 'plugins are not supported'),
  ];
  for (const noun of ['nodes', 'services', 'tasks', 'secrets', 'configs']) {
    for (const path of [`/${noun}`, `/${noun}/{rest...}`]) {
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        routes.push(refusal(method, path, 'Unavailable', notManager));
      }
    }
  }
  return routes;
}

function refusal(method: Method, path: string, kind: 'Unavailable' | 'Unsupported', message: string): Route {
  return {
    method,
    path,
    handler() {
      throw new DhowError(kind, message);
    },
  };
}

function refusePlugin(exchange: Exchange): never {
  throw new DhowError('NotFound', `plugin "${exchange.parameter('name')}" not found`);
}
