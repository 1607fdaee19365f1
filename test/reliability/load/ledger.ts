import type { Answer, Ask } from './api.ts';

export type Kind = 'container' | 'volume' | 'network' | 'image';

/** What a client knows of one object: the states in which the daemon may truthfully have it. */
export interface Thing {
  kind: Kind;
  name: string;
  /** One when the last answer settled it, several while a request is under way or after one that got no answer. */
  possible: Set<string>;
  /** The network that a container was made for: it does not start without. */
  needs?: Thing | undefined;
  /** The volume that a container was made for: one that is not there yet is made at the start. */
  fills?: Thing;
}

export interface Step {
  thing: Thing;
  /** Its state when the answer is a promise. */
  after: string;
  /** States in which a daemon that dies or fails half-way may leave it, besides the old one and `after`. */
  midway?: readonly string[];
  /** Statuses of refusals that are in order: it stays as it was. */
  refusals?: readonly number[];
  request: () => Promise<Answer>;
  /** What is wrong with an answer that has a good status. */
  failure?: (answer: Answer) => string | undefined;
}

/** Sends a request and keeps the books. @returns whether it was promised. @throws when the daemon gave no answer, or a wrong one */
export async function take({
  thing,
  after,
  midway = [],
  refusals = [],
  request,
  failure,
}: Step): Promise<boolean> {
  const before = [...thing.possible];
  thing.possible = new Set([...before, after, ...midway]);
  const answer = await request();
  if (refusals.includes(answer.status)) {
    thing.possible = new Set(before);
    return false;
  }
  const complaint = answer.status >= 400 ? answer.body : failure?.(answer);
  if (complaint !== undefined) {
    thing.possible = new Set([...before, ...midway]);
    throw new WrongAnswer(
      `${thing.kind} ${thing.name} (${before.join('/')} → ${after}): ${answer.status} ${complaint}`,
    );
  }
  thing.possible = new Set([after]);
  return true;
}

/** The daemon answered, and not as it must. */
export class WrongAnswer extends Error {}

/** Compares what the daemon says with what it may say, and settles the books. @throws WrongAnswer */
export async function audit(ask: Ask, thing: Thing): Promise<void> {
  const found = await stateOf(ask, thing);
  if (!thing.possible.has(found)) {
    throw new WrongAnswer(
      `${thing.kind} ${thing.name} is ${found}; possible was ${[...thing.possible].join(' or ')}`,
    );
  }
  thing.possible = new Set([found]);
}

const paths: Readonly<Record<Kind, (name: string) => string>> = {
  container: (name) => `/containers/${name}/json`,
  volume: (name) => `/volumes/${name}`,
  network: (name) => `/networks/${name}`,
  image: (name) => `/images/${name}/json`,
};

async function stateOf(ask: Ask, { kind, name }: Thing): Promise<string> {
  const { status, body } = await ask('GET', paths[kind](name));
  if (status === 404) return 'absent';
  if (status !== 200) throw new WrongAnswer(`${kind} ${name} cannot be inspected: ${status} ${body}`);
  return kind === 'container' ? JSON.parse(body).State.Status : 'present';
}
