import type { Filters } from '#api/decode/filters.ts';
import type { EngineEvent } from '#engine/events.ts';

/** Filters that name an actor of their own type. */
const actorTypes = ['container', 'image', 'network', 'volume', 'daemon'] as const;

export const eventFilterNames = [
  'type',
  'event',
  'label',
  'scope',
  'plugin',
  'service',
  'node',
  'secret',
  'config',
  ...actorTypes,
];

/** `GET /events`: filters of different names must all hold; `container=` and its like name an event's actor. */
export function matchesEvent(event: EngineEvent, filters: Filters): boolean {
  return (
    filters.some('type', (type) => type === event.type) &&
    filters.some('scope', (scope) => scope === 'local') &&
    // `exec_start: sh -c …` is named by its first word.
    filters.some('event', (action) => action === event.action || event.action.startsWith(`${action}:`)) &&
    filters.labels(event.attributes) &&
    ['plugin', 'service', 'node', 'secret', 'config'].every((name) => !filters.has(name)) &&
    actorTypes.every((type) => filters.some(type, (value) => isActor(event, type, value)))
  );
}

function isActor(event: EngineEvent, type: (typeof actorTypes)[number], value: string): boolean {
  const { attributes, id } = event;
  if (type === 'image' && event.type === 'container') {
    return nameMatches(attributes['image'] ?? '', value);
  }
  if (type === 'container' && event.type === 'network') {
    return (attributes['container'] ?? '').startsWith(value);
  }
  if (event.type !== type) return false;
  if (type === 'image') return nameMatches(id, value) || nameMatches(attributes['name'] ?? '', value);
  return (
    id === value || attributes['name'] === value || (/^[0-9a-f]{4,}$/.test(value) && id.startsWith(value))
  );
}

/** An image is named with or without its tag. */
function nameMatches(reference: string, value: string): boolean {
  return reference === value || reference.replace(/:[^:/]+$/, '') === value;
}
