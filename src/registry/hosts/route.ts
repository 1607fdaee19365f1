import { kindOf } from '#errors/error.ts';
import { settle } from '#registry/failures/transient.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';

/** How long a mirror that could not be reached is left alone. */
const restMs = 60_000;

/** Remembers which mirrors do not answer, so that not every layer waits for them anew. */
export interface Route {
  /** Calls `ask` with one endpoint after the other until one succeeds. @throws the failure of the last one */
  firstOf<Result>(
    endpoints: readonly Endpoint[],
    signal: AbortSignal,
    ask: (endpoint: Endpoint) => Promise<Result>,
  ): Promise<Result>;
  /** The endpoints to ask, without resting mirrors. */
  awake(endpoints: readonly Endpoint[]): Endpoint[];
  /** Tells that asking the endpoint failed. */
  failed(endpoint: Endpoint, error: unknown): void;
}

export function createRoute(now: () => number = () => performance.now()): Route {
  const restingUntil = new Map<string, number>();
  const key = ({ host, prefix }: Endpoint): string => host + prefix;
  const awake = (endpoints: readonly Endpoint[]): Endpoint[] =>
    endpoints.filter((endpoint) => !endpoint.isMirror || (restingUntil.get(key(endpoint)) ?? 0) <= now());
  const failed = (endpoint: Endpoint, error: unknown): void => {
    if (endpoint.isMirror && kindOf(error) === 'Unavailable') restingUntil.set(key(endpoint), now() + restMs);
  };
  return {
    awake,
    failed,
    async firstOf(endpoints, signal, ask) {
      let last: unknown;
      for (const endpoint of awake(endpoints)) {
        try {
          return await ask(endpoint);
        } catch (error) {
          signal.throwIfAborted();
          failed(endpoint, error);
          last = error;
        }
      }
      throw settle(last);
    },
  };
}
