import {
  bool,
  type Decoder,
  fields,
  fileMode,
  integer,
  listOf,
  mapOf,
  orNull,
  text,
  textOrNull,
} from '#compose/model/decode.ts';

/** How a service, or its build, uses a config or secret. */
export const fileReference = fields({ source: text, target: text, uid: text, gid: text, mode: fileMode });

const limits = fields({ soft: integer, hard: integer });
const ulimit: Decoder<number | { soft?: number; hard?: number }> = (node, path) =>
  node.kind === 'mapping' ? limits(node, path) : integer(node, path);
export const ulimits = mapOf(ulimit);

/** A number of devices; all of them is -1. */
const count: Decoder<number> = (node, path) =>
  node.kind === 'scalar' && String(node.value).toLowerCase() === 'all' ? -1 : integer(node, path);

export const deviceRequests = listOf(
  fields({ capabilities: listOf(text), driver: text, count, device_ids: listOf(text), options: mapOf(text) }),
);

/** A command that runs in a container of the service. */
export const hook = fields(
  {
    command: orNull(listOf(text)),
    user: text,
    privileged: bool,
    working_dir: text,
    environment: mapOf(textOrNull),
  },
  { nullables: ['command'] },
);
