import type { Exchange } from '#api/http/exchange.ts';
import { DhowError } from '#errors/error.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** One operation of the Engine API. `{name}` takes one segment of the path, `{name...}` takes slashes too. */
export interface Route {
  method: Method;
  path: string;
  /** The API minor that brought it; older paths answer 404. */
  since?: number;
  handler: (exchange: Exchange) => void | Promise<void>;
}

export interface Router {
  /** The first route of the tables that fits. @throws InvalidParameter for a malformed escape in the path */
  find(
    method: string,
    path: string,
    minor: number,
  ): { route: Route; parameters: Record<string, string> } | undefined;
}

export function createRouter(routes: readonly Route[]): Router {
  const byMethod = new Map<string, { route: Route; pattern: RegExp }[]>();
  for (const route of routes) {
    const compiled = byMethod.get(route.method) ?? [];
    compiled.push({ route, pattern: compile(route.path) });
    byMethod.set(route.method, compiled);
  }
  return {
    find(method, path, minor) {
      for (const { route, pattern } of byMethod.get(method) ?? []) {
        if (route.since !== undefined && minor < route.since) continue;
        const groups = pattern.exec(path);
        if (!groups) continue;
        const parameters: Record<string, string> = {};
        for (const [name, value] of Object.entries(groups.groups ?? {})) {
          parameters[name] = decodeSegment(value);
        }
        return { route, parameters };
      }
      return undefined;
    },
  };
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `malformed escape in path segment "${text.slice(0, 100)}"`, {
      cause,
    });
  }
}

function compile(path: string): RegExp {
  const pattern = path
    .replace(/[.*+?^$()|[\]\\]/g, (character) => (character === '.' ? '.' : `\\${character}`))
    .replace(/\{(\w+)(\.\.\.)?\}/g, (_match, name, rest) => `(?<${name}>${rest ? '.+' : '[^/]+'})`);
  return new RegExp(`^${pattern}$`);
}
