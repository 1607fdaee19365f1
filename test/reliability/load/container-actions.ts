import { type Action, type ClientParts, isKnown, pruneOwn } from './client.ts';
import { type Thing, take, WrongAnswer } from './ledger.ts';

/** Whatever state the container is in, one thing that is done to it. */
async function workOnContainer(parts: ClientParts): Promise<void> {
  const container = parts.choose.pick(parts.things.container);
  if (isKnown(container, 'absent')) return createOne(parts, container);
  if (isKnown(container, 'created', 'exited'))
    return parts.choose.pick([start, start, remove])(parts, container);
  if (isKnown(container, 'running')) {
    return parts.choose.pick([stop, restart, execute, reconnect, pause, removeByForce])(parts, container);
  }
  return removeByForce(parts, container);
}

async function createOne(parts: ClientParts, thing: Thing): Promise<void> {
  const { ask, choose, name, things } = parts;
  const volume = choose.pick(things.volume);
  const [network] = things.network;
  const joins = network !== undefined && isKnown(network, 'present') && choose.below(2) === 0;
  // A volume that is not there is made with the container.
  volume.possible.add('present');
  thing.fills = volume;
  thing.needs = joins ? network : undefined;
  await take({
    thing,
    after: 'created',
    request: () =>
      ask('POST', `/containers/create?name=${thing.name}`, {
        Image: 'busybox',
        Cmd: ['sleep', '1000'],
        Labels: { client: name },
        HostConfig: { Binds: [`${volume.name}:/etc`], NetworkMode: joins ? network.name : 'bridge' },
      }),
  });
  volume.possible = new Set(['present']);
}

async function start({ ask }: ClientParts, thing: Thing): Promise<void> {
  thing.fills?.possible.add('present');
  const request = () => ask('POST', `/containers/${thing.name}/start`);
  await take({ thing, after: 'running', midway: ['created', 'exited'], request });
  if (thing.fills) thing.fills.possible = new Set(['present']);
}

async function stop({ ask }: ClientParts, thing: Thing): Promise<void> {
  const request = () => ask('POST', `/containers/${thing.name}/stop?t=0`);
  await take({ thing, after: 'exited', midway: ['exited'], request });
}

async function restart({ ask }: ClientParts, thing: Thing): Promise<void> {
  const request = () => ask('POST', `/containers/${thing.name}/restart?t=0`);
  await take({ thing, after: 'running', midway: ['exited'], request });
}

async function pause({ ask }: ClientParts, thing: Thing): Promise<void> {
  const turn = (verb: string) => ask('POST', `/containers/${thing.name}/${verb}`);
  await take({ thing, after: 'paused', request: () => turn('pause') });
  await take({ thing, after: 'running', request: () => turn('unpause') });
}

async function remove({ ask }: ClientParts, thing: Thing): Promise<void> {
  const request = () => ask('DELETE', `/containers/${thing.name}?v=1`);
  await take({ thing, after: 'absent', midway: ['removing'], request });
}

async function removeByForce({ ask }: ClientParts, thing: Thing): Promise<void> {
  const request = () => ask('DELETE', `/containers/${thing.name}?force=1&v=1`);
  await take({ thing, after: 'absent', midway: ['exited', 'removing'], refusals: [404], request });
}

async function execute({ ask }: ClientParts, thing: Thing): Promise<void> {
  const made = await ask('POST', `/containers/${thing.name}/exec`, { Cmd: ['cat', '/etc/passwd'] });
  if (made.status !== 201) throw new WrongAnswer(`exec in ${thing.name}: ${made.status} ${made.body}`);
  const { Id } = JSON.parse(made.body);
  await take({ thing, after: 'running', request: () => ask('POST', `/exec/${Id}/start`, { Detach: true }) });
}

/** To the network of the client, and off it again. */
async function reconnect({ ask, things }: ClientParts, thing: Thing): Promise<void> {
  const [network] = things.network;
  if (network === undefined || !isKnown(network, 'present')) return;
  for (const verb of ['connect', 'disconnect']) {
    const request = () => ask('POST', `/networks/${network.name}/${verb}`, { Container: thing.name });
    // It may be on it already, as its only one.
    await take({ thing, after: 'running', refusals: [400, 403, 409], request });
  }
}

/** With --rm: nothing of it is to be left, whenever the daemon dies. */
async function runFleeting({ ask, choose, name }: ClientParts): Promise<void> {
  const fleeting = `${name}-fleeting-${choose.below(1_000_000)}`;
  const settings = {
    Image: 'busybox',
    Cmd: ['true'],
    Volumes: { '/data': {} },
    HostConfig: { AutoRemove: true },
  };
  const thing: Thing = { kind: 'container', name: fleeting, possible: new Set(['absent']) };
  await take({
    thing,
    after: 'created',
    request: () => ask('POST', `/containers/create?name=${fleeting}`, settings),
  });
  await take({ thing, after: 'running', request: () => ask('POST', `/containers/${fleeting}/start`) });
  await ask('POST', `/containers/${fleeting}/wait?condition=removed`);
}

export const containerActions: readonly Action[] = [
  workOnContainer,
  workOnContainer,
  workOnContainer,
  runFleeting,
  (parts) => pruneOwn(parts, 'container'),
];
