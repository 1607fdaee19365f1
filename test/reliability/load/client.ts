import type { Ask } from './api.ts';
import { containerActions } from './container-actions.ts';
import { imageActions } from './image-actions.ts';
import { audit, type Kind, type Thing, WrongAnswer } from './ledger.ts';
import { networkActions } from './network-actions.ts';
import type { Seeded } from './seeded.ts';
import { volumeActions } from './volume-actions.ts';

/** One of several that work at the same time, each on objects of its own, so that it knows what must be there. */
export interface Client {
  /** What it has made or tried to make. */
  readonly things: readonly Thing[];
  /** One request at random. @throws when the daemon gave no answer, or a wrong one */
  act(): Promise<void>;
}

/** What the actions of a client work with. */
export interface ClientParts {
  /** Begins the names of all its objects, and is their label `client`. */
  name: string;
  ask: Ask;
  choose: Seeded;
  /** A reference that can be pulled. */
  remoteImage: string;
  /** A build context as tar. */
  context: Buffer;
  things: Record<Kind, Thing[]>;
}

export type Action = (parts: ClientParts) => Promise<unknown>;

export function createClient(given: Omit<ClientParts, 'things'>): Client {
  const thing = (kind: Kind, name: string): Thing => ({ kind, name, possible: new Set(['absent']) });
  const named = (kind: Kind, count: number): Thing[] =>
    Array.from({ length: count }, (_, index) => thing(kind, `${given.name}-${kind}-${index}`));
  const parts: ClientParts = {
    ...given,
    things: {
      container: named('container', 3),
      volume: named('volume', 2),
      network: named('network', 1),
      image: [thing('image', `${given.name}-tagged:v1`), thing('image', `${given.name}-built:v1`)],
    },
  };
  const actions = [
    ...Array<readonly Action[]>(3).fill(containerActions).flat(),
    ...volumeActions,
    ...networkActions,
    ...imageActions,
  ];
  return {
    things: Object.values(parts.things).flat(),
    act: async () => void (await given.choose.pick(actions)(parts)),
  };
}

/** Whether the thing is known to be in one of these states. */
export function isKnown({ possible }: Thing, ...states: string[]): boolean {
  return [...possible].every((state) => states.includes(state));
}

/** Prunes what is this client's of one kind; a running container stays. */
export async function pruneOwn({ ask, name, things }: ClientParts, kind: Kind): Promise<void> {
  const labels = { label: [`client=${name}`], ...(kind === 'volume' ? { all: ['true'] } : {}) };
  for (const thing of things[kind]) if (!isKnown(thing, 'running', 'paused')) thing.possible.add('absent');
  const { status, body } = await ask(
    'POST',
    `/${kind}s/prune?filters=${encodeURIComponent(JSON.stringify(labels))}`,
  );
  if (status !== 200) {
    if (kind === 'container') for (const { possible } of things[kind]) possible.add('removing');
    throw new WrongAnswer(`prune ${kind}s: ${status} ${body}`);
  }
  for (const thing of things[kind]) await audit(ask, thing);
}
