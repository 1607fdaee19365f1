import { type Action, type ClientParts, isKnown, pruneOwn } from './client.ts';
import { take } from './ledger.ts';

async function createOrRemove({ ask, choose, name, things }: ClientParts): Promise<void> {
  const thing = choose.pick(things.network);
  if (isNeeded(things)) return;
  if (isKnown(thing, 'present')) {
    // A running container may have been connected to it.
    const request = () => ask('DELETE', `/networks/${thing.name}`);
    await take({ thing, after: 'absent', refusals: [403, 409], request });
  } else {
    const settings = { Name: thing.name, Labels: { client: name } };
    // After a request without an answer it may be there.
    await take({
      thing,
      after: 'present',
      refusals: [409],
      request: () => ask('POST', '/networks/create', settings),
    });
  }
}

/** A container that is there could not start without it. */
function isNeeded({ container }: ClientParts['things']): boolean {
  return container.some((thing) => thing.needs !== undefined && !isKnown(thing, 'absent'));
}

async function prune(parts: ClientParts): Promise<void> {
  if (!isNeeded(parts.things)) await pruneOwn(parts, 'network');
}

export const networkActions: readonly Action[] = [createOrRemove, prune];
