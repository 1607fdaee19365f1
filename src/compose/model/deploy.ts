import {
  bytes,
  duration,
  fields,
  integer,
  listOf,
  mapOf,
  number,
  oneOf,
  text,
} from '#compose/model/decode.ts';
import { deviceRequests } from '#compose/model/shared.ts';

const update = fields({
  parallelism: integer,
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: number,
  order: oneOf('start-first', 'stop-first'),
});

const genericResource = fields({ discrete_resource_spec: fields({ kind: text, value: integer }) });

/**
 * The `deploy` section. What only a swarm can do of it is read and printed, and has no effect on containers, as with Docker Compose:
 * modes, placement, updates, reserved CPUs and generic resources, delay and window of restarts.
 */
export const decodeDeploy = fields({
  mode: text,
  replicas: integer,
  labels: mapOf(text),
  update_config: update,
  rollback_config: update,
  resources: fields({
    limits: fields({ cpus: number, memory: bytes, pids: integer }),
    reservations: fields({
      cpus: number,
      memory: bytes,
      devices: deviceRequests,
      generic_resources: listOf(genericResource),
    }),
  }),
  restart_policy: fields({
    condition: text,
    delay: duration,
    max_attempts: integer,
    window: duration,
  }),
  placement: fields({
    constraints: listOf(text),
    preferences: listOf(fields({ spread: text })),
    max_replicas_per_node: integer,
  }),
  endpoint_mode: text,
});
