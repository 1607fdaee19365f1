import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';

/**
 * How a structure of Docker Compose is written as JSON: its keys in their order. A value that is empty (nothing, zero, false, no text,
 * no entries) is left out, unless its form says otherwise.
 */
type Shape = readonly (string | readonly [key: string, form: Form])[];

type Form =
  /** Left out only if nobody has set it. */
  | 'set'
  /** Left out where it is this text for zero, too: an amount of bytes, a time. */
  | '0'
  | '0s'
  /** Never left out. */
  | 'always'
  /** A command: in JSON nothing is null, so that it is not taken for an empty one. */
  | 'command'
  /** In JSON kept even if there is nothing of it. */
  | { readonly embedded: Shape }
  /** Kept if it is there, even with nothing in it. */
  | { readonly one: Shape }
  | { readonly each: Shape };

const update: Shape = [
  ['parallelism', 'set'],
  ['delay', '0s'],
  'failure_action',
  ['monitor', '0s'],
  'max_failure_ratio',
  'order',
];
const reference: Shape = ['source', 'target', 'uid', 'gid', 'mode'];
const device: Shape = ['capabilities', 'driver', 'count', 'device_ids', 'options'];
const hook: Shape = [['command', 'command'], 'user', 'privileged', 'working_dir', 'environment'];
const limit: Shape = ['single', 'soft', 'hard'];
const resource: Shape = [
  'cpus',
  ['memory', '0'],
  'pids',
  ['devices', { each: device }],
  [
    'generic_resources',
    {
      each: [
        [
          'discrete_resource_spec',
          {
            one: [
              ['kind', 'always'],
              ['value', 'always'],
            ],
          },
        ],
      ],
    },
  ],
];
const weight: Shape = ['Path', 'Weight', 'path', 'weight'].map((key) => [key, 'always']);
const rate: Shape = ['Path', 'Rate', 'path', 'rate'].map((key) => [key, 'always']);
const attachment: Shape = [
  'aliases',
  'driver_opts',
  'gw_priority',
  'interface_name',
  'ipv4_address',
  'ipv6_address',
  'link_local_ips',
  'mac_address',
  'priority',
];

const build: Shape = [
  'context',
  'dockerfile',
  'dockerfile_inline',
  'entitlements',
  'args',
  'provenance',
  'sbom',
  'ssh',
  'labels',
  'cache_from',
  'cache_to',
  'no_cache',
  'additional_contexts',
  'pull',
  'extra_hosts',
  'isolation',
  'network',
  'target',
  ['secrets', { each: reference }],
  ['shm_size', '0'],
  'tags',
  ['ulimits', { each: limit }],
  'platforms',
  'privileged',
];

const deploy: Shape = [
  'mode',
  ['replicas', 'set'],
  'labels',
  ['update_config', { one: update }],
  ['rollback_config', { one: update }],
  [
    'resources',
    {
      embedded: [
        ['limits', { one: resource }],
        ['reservations', { one: resource }],
      ],
    },
  ],
  ['restart_policy', { one: ['condition', ['delay', 'set'], ['max_attempts', 'set'], ['window', 'set']] }],
  [
    'placement',
    { embedded: ['constraints', ['preferences', { each: ['spread'] }], 'max_replicas_per_node'] },
  ],
  'endpoint_mode',
];

const develop: Shape = [
  [
    'watch',
    {
      each: [
        ['path', 'always'],
        ['action', 'always'],
        'target',
        ['exec', { embedded: hook }],
        'include',
        'ignore',
        'initial_sync',
      ],
    },
  ],
];

const blkio: Shape = [
  'weight',
  ['weight_device', { each: weight }],
  ['device_read_bps', { each: rate }],
  ['device_read_iops', { each: rate }],
  ['device_write_bps', { each: rate }],
  ['device_write_iops', { each: rate }],
];

const healthcheck: Shape = [
  'test',
  ['timeout', 'set'],
  ['interval', 'set'],
  ['retries', 'set'],
  ['start_period', 'set'],
  ['start_interval', 'set'],
  'disable',
];

const mount: Shape = [
  'type',
  'source',
  'target',
  'read_only',
  'consistency',
  ['bind', { one: ['selinux', 'propagation', 'create_host_path', 'recursive'] }],
  ['volume', { one: ['labels', 'nocopy', 'subpath'] }],
  ['tmpfs', { one: [['size', '0'], 'mode'] }],
  ['image', { one: ['subpath'] }],
];

const service: Shape = [
  'profiles',
  'annotations',
  ['attach', 'set'],
  ['build', { one: build }],
  ['develop', { one: develop }],
  ['blkio_config', { one: blkio }],
  'cap_add',
  'cap_drop',
  'cgroup_parent',
  'cgroup',
  'cpu_count',
  'cpu_percent',
  'cpu_period',
  'cpu_quota',
  'cpu_rt_period',
  'cpu_rt_runtime',
  'cpus',
  'cpuset',
  'cpu_shares',
  ['command', 'command'],
  ['configs', { each: reference }],
  'container_name',
  ['depends_on', { each: ['condition', 'restart', ['required', 'always']] }],
  ['deploy', { one: deploy }],
  'device_cgroup_rules',
  ['devices', { each: ['source', 'target', 'permissions'] }],
  'dns',
  'dns_opt',
  'dns_search',
  'domainname',
  ['entrypoint', 'command'],
  'environment',
  'expose',
  'external_links',
  'extra_hosts',
  'group_add',
  ['gpus', { each: device }],
  'hostname',
  ['healthcheck', { one: healthcheck }],
  'image',
  ['init', 'set'],
  'ipc',
  'isolation',
  'labels',
  'links',
  ['logging', { one: ['driver', 'options'] }],
  ['mem_limit', '0'],
  ['mem_reservation', '0'],
  ['memswap_limit', '0'],
  ['mem_swappiness', '0'],
  'mac_address',
  'network_mode',
  ['networks', { each: attachment }],
  'oom_kill_disable',
  'oom_score_adj',
  'pid',
  'pids_limit',
  'platform',
  ['ports', { each: ['name', 'mode', 'host_ip', 'target', 'published', 'protocol', 'app_protocol'] }],
  'privileged',
  'pull_policy',
  'read_only',
  'restart',
  'runtime',
  ['scale', 'set'],
  ['secrets', { each: reference }],
  'security_opt',
  ['shm_size', '0'],
  'stdin_open',
  ['stop_grace_period', 'set'],
  'stop_signal',
  'storage_opt',
  'sysctls',
  'tmpfs',
  'tty',
  ['ulimits', { each: limit }],
  'use_api_socket',
  'user',
  'userns_mode',
  'uts',
  ['volumes', { each: mount }],
  'volumes_from',
  'working_dir',
  ['post_start', { each: hook }],
  ['pre_stop', { each: hook }],
];

const network: Shape = [
  'name',
  'driver',
  'driver_opts',
  [
    'ipam',
    { embedded: ['driver', ['config', { each: ['subnet', 'gateway', 'ip_range', 'aux_addresses'] }]] },
  ],
  'external',
  'internal',
  'attachable',
  'labels',
  ['enable_ipv4', 'set'],
  ['enable_ipv6', 'set'],
];

const volume: Shape = ['name', 'driver', 'driver_opts', 'external', 'labels'];

const file: Shape = [
  'name',
  'file',
  'environment',
  'content',
  'external',
  'labels',
  'driver',
  'driver_opts',
  'template_driver',
];

type Fields = Readonly<Record<string, unknown>>;
export type Notation = 'json' | 'yaml';

/**
 * A service exactly as Docker Compose 2.40 writes it, key for key in its order: its digest of a service is one of this in JSON.
 * Source: the tags of compose-go's types.
 */
export function dockerService(definition: Service, notation: Notation): Fields {
  return shaped(prepare(definition, notation), service, notation);
}

/** The sections of a project in the same form. */
export function dockerProject(
  project: Pick<Project, 'services' | 'networks' | 'volumes' | 'configs' | 'secrets'>,
  notation: Notation,
) {
  const each = (definitions: Fields, shape: Shape) =>
    sorted(definitions, (value) => shaped(value, shape, notation));
  return {
    services: sorted(project.services, (value) => dockerService(value, notation)),
    networks: each(project.networks, network),
    volumes: each(project.volumes, volume),
    secrets: each(project.secrets, file),
    configs: each(project.configs, file),
  };
}

/** What has other names or another form there. */
function prepare(definition: Service, notation: Notation): Fields {
  const { blkio_config: limits, build: own } = definition;
  // These have no tags, so that JSON has the names of their fields.
  const rename = (key: string) => (notation === 'json' ? key.charAt(0).toUpperCase() + key.slice(1) : key);
  const named = (entries: readonly object[] | undefined) =>
    entries?.map((entry) =>
      Object.fromEntries(Object.entries(entry).map(([key, value]) => [rename(key), value])),
    );
  return {
    ...definition,
    extra_hosts: definition.extra_hosts?.toSorted(),
    build: own && {
      ...own,
      extra_hosts: own.extra_hosts?.toSorted(),
      ssh: Object.entries(own.ssh ?? {}).map(([id, path]) => (path === null ? id : `${id}=${path}`)),
    },
    blkio_config: limits && {
      ...limits,
      weight_device: named(limits.weight_device),
      device_read_bps: named(limits.device_read_bps),
      device_read_iops: named(limits.device_read_iops),
      device_write_bps: named(limits.device_write_bps),
      device_write_iops: named(limits.device_write_iops),
    },
  };
}

function shaped(value: unknown, shape: Shape, notation: Notation): Fields {
  const source: Fields = isFields(value) ? value : {};
  const result: Record<string, unknown> = {};
  for (const entry of shape) {
    const [key, form] = typeof entry === 'string' ? [entry, undefined] : entry;
    const found = Object.hasOwn(source, key) ? source[key] : undefined;
    const written = write(found, form, notation);
    if (written !== undefined) result[key] = written;
  }
  return result;
}

/** Undefined for what is left out. */
function write(value: unknown, form: Form | undefined, notation: Notation): unknown {
  if (form === 'always' || form === 'set') return value ?? undefined;
  if (form === 'command') return value ?? (notation === 'json' ? null : undefined);
  if (value === form) return undefined;
  if (form === undefined || typeof form === 'string') {
    if (isEmpty(value)) return undefined;
    return isFields(value) ? sorted(value, (inner) => inner) : value;
  }
  if ('embedded' in form) {
    const inner = shaped(value, form.embedded, notation);
    return notation === 'yaml' && isEmpty(inner) ? undefined : inner;
  }
  if ('one' in form) return value === undefined ? undefined : shaped(value, form.one, notation);
  if (isEmpty(value)) return undefined;
  // An entry that is no structure is a short form of one, or null.
  const inner = (entry: unknown) => (isFields(entry) ? shaped(entry, form.each, notation) : entry);
  return Array.isArray(value) ? value.map(inner) : isFields(value) ? sorted(value, inner) : value;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isFields(value)) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys of maps are in the order of their bytes. */
function sorted<Value>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(values).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value)]));
}
