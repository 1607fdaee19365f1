import type { EngineEvent } from '#engine/events.ts';
import type { EventMessage } from '#wire/events.ts';

export function encodeEvent(event: EngineEvent): EventMessage {
  const milliseconds = event.time.getTime();
  return {
    ...encodeLegacyFields(event),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: 'local',
    time: Math.floor(milliseconds / 1000),
    timeNano: milliseconds * 1e6,
  };
}

/** Clients that are older than actors read these. */
function encodeLegacyFields(event: EngineEvent): Pick<EventMessage, 'status' | 'id' | 'from'> {
  if (event.type !== 'container' && event.type !== 'image') return {};
  const image = event.attributes['image'];
  return { status: event.action, id: event.id, ...(image === undefined ? {} : { from: image }) };
}
