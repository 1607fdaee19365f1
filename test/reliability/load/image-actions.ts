import { failureIn } from './api.ts';
import { type Action, type ClientParts, isKnown } from './client.ts';
import { type Thing, take, WrongAnswer } from './ledger.ts';

function imageOf({ things }: ClientParts, word: string): Thing {
  const found = things.image.find(({ name }) => name.includes(word));
  if (found === undefined) throw new Error(`no image ${word}`);
  return found;
}

async function remove({ ask }: ClientParts, thing: Thing): Promise<void> {
  await take({ thing, after: 'absent', request: () => ask('DELETE', `/images/${thing.name}`) });
}

async function tagOrRemove(parts: ClientParts): Promise<void> {
  const thing = imageOf(parts, 'tagged');
  if (isKnown(thing, 'present')) return remove(parts, thing);
  const [repository, tag] = thing.name.split(':');
  const request = () => parts.ask('POST', `/images/busybox/tag?repo=${repository}&tag=${tag}`);
  await take({ thing, after: 'present', request });
}

async function buildOrRemove(parts: ClientParts): Promise<void> {
  const thing = imageOf(parts, 'built');
  if (isKnown(thing, 'present')) return remove(parts, thing);
  const request = () => parts.ask('POST', `/build?t=${thing.name}&nocache=1`, parts.context);
  await take({ thing, after: 'present', request, failure: failureIn });
}

/** All clients share it, and another one may remove it while this one pulls. */
async function pull({ ask, remoteImage }: ClientParts): Promise<void> {
  const answer = await ask('POST', `/images/create?fromImage=${encodeURIComponent(remoteImage)}`);
  const failure = answer.status === 200 ? failureIn(answer) : answer.body;
  if (failure !== undefined) throw new WrongAnswer(`pull: ${answer.status} ${failure}`);
}

async function removePulled({ ask, remoteImage }: ClientParts): Promise<void> {
  const { status, body } = await ask('DELETE', `/images/${remoteImage}`);
  if (![200, 404].includes(status)) throw new WrongAnswer(`remove an image: ${status} ${body}`);
}

async function pruneBuilds({ ask }: ClientParts): Promise<void> {
  const { status, body } = await ask('POST', '/build/prune?all=1');
  if (status !== 200) throw new WrongAnswer(`prune builds: ${status} ${body}`);
}

export const imageActions: readonly Action[] = [
  tagOrRemove,
  tagOrRemove,
  buildOrRemove,
  pull,
  removePulled,
  pruneBuilds,
];
