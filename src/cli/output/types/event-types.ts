import { int64Type, stringType } from '#cli/output/template/value.ts';
import { field, named, stringMap, struct } from '#cli/output/types/fields.ts';

const actor = struct('events.Actor', [field('ID', stringType), field('Attributes', stringMap)]);

/** The type behind `docker events --format` (Docker 28). */
export const eventType = struct('events.Message', [
  field('Status', stringType, 'status?'),
  field('ID', stringType, 'id?'),
  field('From', stringType, 'from?'),
  field('Type', named('events.Type')),
  field('Action', named('events.Action')),
  field('Actor', actor),
  field('Scope', stringType, 'scope?'),
  field('Time', int64Type, 'time?'),
  field('TimeNano', int64Type, 'timeNano?'),
]);
