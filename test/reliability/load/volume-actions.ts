import { type Action, type ClientParts, isKnown, pruneOwn } from './client.ts';
import { take } from './ledger.ts';

async function createOrRemove({ ask, choose, name, things }: ClientParts): Promise<void> {
  const thing = choose.pick(things.volume);
  if (isKnown(thing, 'present')) {
    // A container may have it.
    await take({
      thing,
      after: 'absent',
      refusals: [409],
      request: () => ask('DELETE', `/volumes/${thing.name}`),
    });
  } else {
    const settings = { Name: thing.name, Labels: { client: name } };
    await take({ thing, after: 'present', request: () => ask('POST', '/volumes/create', settings) });
  }
}

export const volumeActions: readonly Action[] = [createOrRemove, (parts) => pruneOwn(parts, 'volume')];
