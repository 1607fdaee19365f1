import {
  bool,
  bytes,
  type Decoded,
  duration,
  fields,
  fileMode,
  integer,
  listOf,
  mapOf,
  number,
  oneOf,
  orNull,
  text,
  textOrNull,
} from '#compose/model/decode.ts';

/**
 * A service in its long form; keys are those of the Compose specification. Sizes are decimal text in bytes, durations are text such as
 * `1m30s`, paths are absolute.
 */
export type Service = Decoded<typeof decodeService>;

const texts = listOf(text);
const environment = mapOf(textOrNull);

const port = fields({
  name: text,
  mode: oneOf('ingress', 'host'),
  host_ip: text,
  target: integer,
  published: text,
  protocol: oneOf('tcp', 'udp', 'sctp'),
  app_protocol: text,
});

const mount = fields({
  type: oneOf('bind', 'volume', 'tmpfs', 'image'),
  source: text,
  target: text,
  read_only: bool,
  consistency: text,
  bind: fields({
    propagation: oneOf('private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'),
    create_host_path: bool,
    selinux: oneOf('z', 'Z'),
  }),
  volume: fields({ nocopy: bool, subpath: text }),
  tmpfs: fields({ size: bytes, mode: fileMode }),
  image: fields({ subpath: text }),
});

const fileReference = fields({ source: text, target: text, uid: text, gid: text, mode: fileMode });

const attachment = fields({
  aliases: texts,
  driver_opts: mapOf(text),
  gw_priority: integer,
  ipv4_address: text,
  ipv6_address: text,
  link_local_ips: texts,
  mac_address: text,
  priority: integer,
});

const dependency = fields({
  condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'),
  required: bool,
  restart: bool,
});

const healthcheck = fields({
  disable: bool,
  test: texts,
  interval: duration,
  timeout: duration,
  start_period: duration,
  start_interval: duration,
  retries: integer,
});

const build = fields(
  {
    context: text,
    dockerfile: text,
    dockerfile_inline: text,
    args: environment,
    cache_from: texts,
    extra_hosts: texts,
    labels: mapOf(text),
    network: text,
    no_cache: bool,
    pull: bool,
    shm_size: bytes,
    tags: texts,
    target: text,
  },
  {
    refused: [
      'additional_contexts',
      'cache_to',
      'entitlements',
      'isolation',
      'platforms',
      'privileged',
      'provenance',
      'sbom',
      'secrets',
      'ssh',
      'ulimits',
    ],
  },
);

const deploy = fields(
  {
    mode: oneOf('replicated'),
    replicas: integer,
    labels: mapOf(text),
    resources: fields({
      limits: fields({ cpus: number, memory: bytes, pids: integer }),
      reservations: fields({ memory: bytes }, { refused: ['cpus', 'devices', 'generic_resources'] }),
    }),
    restart_policy: fields(
      {
        condition: oneOf('none', 'on-failure', 'any'),
        max_attempts: integer,
      },
      { refused: ['delay', 'window'] },
    ),
  },
  { refused: ['endpoint_mode', 'placement', 'rollback_config', 'update_config'] },
);

const develop = fields({
  watch: listOf(
    fields(
      {
        action: oneOf('sync', 'rebuild', 'restart', 'sync+restart'),
        path: text,
        target: text,
        ignore: texts,
        include: texts,
        initial_sync: bool,
      },
      { refused: ['exec'] },
    ),
  ),
});

const ulimit = (node: Parameters<typeof integer>[0], path: string) =>
  node.kind === 'mapping' ? fields({ soft: integer, hard: integer })(node, path) : integer(node, path);

export const decodeService = fields(
  {
    annotations: mapOf(text),
    attach: bool,
    build,
    cap_add: texts,
    cap_drop: texts,
    cgroup: oneOf('host', 'private'),
    cgroup_parent: text,
    command: orNull(texts),
    configs: listOf(fileReference),
    container_name: text,
    cpu_period: text,
    cpu_quota: text,
    cpu_shares: integer,
    cpus: number,
    cpuset: text,
    depends_on: mapOf(dependency),
    deploy,
    device_cgroup_rules: texts,
    develop,
    devices: texts,
    dns: texts,
    dns_opt: texts,
    dns_search: texts,
    domainname: text,
    entrypoint: orNull(texts),
    env_file: listOf(fields({ path: text, required: bool, format: oneOf('raw') })),
    environment,
    expose: texts,
    extra_hosts: texts,
    group_add: texts,
    healthcheck,
    hostname: text,
    image: text,
    init: bool,
    ipc: text,
    labels: mapOf(text),
    links: texts,
    logging: fields({ driver: text, options: mapOf(text) }),
    mac_address: text,
    mem_limit: bytes,
    mem_reservation: bytes,
    mem_swappiness: integer,
    memswap_limit: bytes,
    network_mode: text,
    networks: mapOf(orNull(attachment)),
    oom_kill_disable: bool,
    oom_score_adj: integer,
    pid: text,
    pids_limit: integer,
    platform: text,
    ports: listOf(port),
    privileged: bool,
    profiles: texts,
    pull_policy: oneOf('always', 'never', 'missing', 'if_not_present', 'build'),
    read_only: bool,
    restart: text,
    runtime: text,
    scale: integer,
    secrets: listOf(fileReference),
    security_opt: texts,
    shm_size: bytes,
    stdin_open: bool,
    stop_grace_period: duration,
    stop_signal: text,
    storage_opt: mapOf(text),
    sysctls: mapOf(text),
    tmpfs: texts,
    tty: bool,
    ulimits: mapOf(ulimit),
    user: text,
    userns_mode: text,
    uts: text,
    volumes: listOf(mount),
    volumes_from: texts,
    working_dir: text,
  },
  {
    nullables: ['command', 'entrypoint'],
    refused: [
      'blkio_config',
      'cpu_count',
      'cpu_percent',
      'cpu_rt_period',
      'cpu_rt_runtime',
      'credential_spec',
      'external_links',
      'gpus',
      'isolation',
      'label_file',
      'models',
      'post_start',
      'pre_stop',
      'provider',
      'use_api_socket',
    ],
  },
);
