import { complain } from '#compose/document/node.ts';
import { decodeBuild } from '#compose/model/build.ts';
import {
  bool,
  bytes,
  type Decoded,
  type Decoder,
  duration,
  fields,
  integer,
  listOf,
  mapOf,
  modeBits,
  number,
  oneOf,
  orNull,
  text,
  textOrNull,
} from '#compose/model/decode.ts';
import { decodeDeploy } from '#compose/model/deploy.ts';
import { deviceRequests, fileReference, hook, ulimits } from '#compose/model/shared.ts';
import { maximumAge } from '#compose/pull-policy.ts';

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
    recursive: oneOf('enabled', 'disabled', 'writable', 'readonly'),
    selinux: oneOf('z', 'Z'),
  }),
  volume: fields({ labels: mapOf(text), nocopy: bool, subpath: text }),
  tmpfs: fields({ size: bytes, mode: modeBits }),
  image: fields({ subpath: text }),
});

const attachment = fields({
  aliases: texts,
  driver_opts: mapOf(text),
  gw_priority: integer,
  interface_name: text,
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

const develop = fields({
  watch: listOf(
    fields({
      action: oneOf('sync', 'rebuild', 'restart', 'sync+restart', 'sync+exec'),
      path: text,
      target: text,
      exec: hook,
      ignore: texts,
      include: texts,
      initial_sync: bool,
    }),
  ),
});

const device = fields({ source: text, target: text, permissions: text });

const weights = listOf(fields({ path: text, weight: integer }));
const rates = listOf(fields({ path: text, rate: bytes }));
const blkio = fields({
  weight: integer,
  weight_device: weights,
  device_read_bps: rates,
  device_read_iops: rates,
  device_write_bps: rates,
  device_write_iops: rates,
});

const pullPolicy: Decoder<string> = (node, path) => {
  const written = text(node, path);
  if (written === 'if_not_present') return 'missing';
  if (['always', 'never', 'missing', 'build'].includes(written) || maximumAge(written) !== undefined) {
    return written;
  }
  throw complain(
    node.at,
    `${path}: "${written}" is none of always, never, missing, if_not_present, build, daily, weekly, every_DURATION`,
  );
};

export const decodeService = fields(
  {
    annotations: mapOf(text),
    attach: bool,
    blkio_config: blkio,
    build: decodeBuild,
    cap_add: texts,
    cap_drop: texts,
    cgroup: oneOf('host', 'private'),
    cgroup_parent: text,
    command: orNull(texts),
    configs: listOf(fileReference),
    container_name: text,
    cpu_count: integer,
    cpu_percent: number,
    cpu_period: integer,
    cpu_quota: integer,
    cpu_rt_period: integer,
    cpu_rt_runtime: integer,
    cpu_shares: integer,
    cpus: number,
    cpuset: text,
    depends_on: mapOf(dependency),
    deploy: decodeDeploy,
    device_cgroup_rules: texts,
    develop,
    devices: listOf(device),
    dns: texts,
    dns_opt: texts,
    dns_search: texts,
    domainname: text,
    entrypoint: orNull(texts),
    env_file: listOf(fields({ path: text, required: bool, format: oneOf('raw') })),
    environment,
    expose: texts,
    external_links: texts,
    extra_hosts: texts,
    gpus: deviceRequests,
    group_add: texts,
    healthcheck,
    hostname: text,
    image: text,
    init: bool,
    ipc: text,
    isolation: text,
    label_file: texts,
    labels: mapOf(text),
    links: texts,
    logging: fields({ driver: text, options: mapOf(text) }),
    mac_address: text,
    mem_limit: bytes,
    mem_reservation: bytes,
    mem_swappiness: bytes,
    memswap_limit: bytes,
    network_mode: text,
    networks: mapOf(orNull(attachment)),
    oom_kill_disable: bool,
    oom_score_adj: integer,
    pid: text,
    pids_limit: integer,
    platform: text,
    ports: listOf(port),
    post_start: listOf(hook),
    pre_stop: listOf(hook),
    privileged: bool,
    profiles: texts,
    pull_policy: pullPolicy,
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
    ulimits,
    use_api_socket: bool,
    user: text,
    userns_mode: text,
    uts: text,
    volumes: listOf(mount),
    volumes_from: texts,
    working_dir: text,
  },
  {
    nullables: ['command', 'entrypoint'],
    refused: ['credential_spec', 'models', 'provider'],
  },
);
