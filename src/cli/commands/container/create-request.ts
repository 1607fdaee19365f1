import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readNetworking } from '#cli/commands/container/create-networking.ts';
import type { CreateOptions } from '#cli/commands/container/create-options.ts';
import { readKeyValueFile, readVariables, toRecord } from '#cli/commands/container/values/key-values.ts';
import { parseMount } from '#cli/commands/container/values/mount.ts';
import { type PublishedPorts, parsePublished } from '#cli/commands/container/values/ports.ts';
import type { CliContext } from '#cli/context.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { ContainerConfig, HealthConfig } from '#wire/container-config.ts';
import type { ContainerCreateRequest } from '#wire/containers.ts';
import type { HostConfig } from '#wire/host-config.ts';

export interface RequestParts {
  readonly options: CreateOptions;
  readonly given: ReadonlySet<string>;
  readonly image: string;
  readonly command: readonly string[];
  /** `run --detach` attaches nothing. */
  readonly detach: boolean;
}

type World = Pick<CliContext, 'environment' | 'workingDirectory'>;

/**
 * The body of `POST /containers/create` for a command line. Files that options name (variables, labels, a seccomp profile) are
 * read here, on the client's machine.
 *
 * @throws InvalidParameter naming the option
 */
export function buildCreateRequest(parts: RequestParts, world: World): ContainerCreateRequest {
  const { options } = parts;
  refuseConflicts(options);
  const ports = parsePublished(options.publish);
  const networking = readNetworking(options);
  const config = buildConfig(parts, world, ports);
  return prune<ContainerCreateRequest>({
    ...config,
    MacAddress: options['mac-address'],
    HostConfig: prune<HostConfig>({ ...buildHostConfig(parts, world, ports), NetworkMode: networking.mode }),
    NetworkingConfig: networking.config,
  });
}

function refuseConflicts(options: CreateOptions): void {
  if (options.rm && options.restart !== undefined && options.restart.Name !== 'no') {
    throw new DhowError('InvalidParameter', 'conflicting options: cannot specify both --restart and --rm');
  }
  const swappiness = options['memory-swappiness'];
  if (swappiness !== undefined && (swappiness < -1 || swappiness > 100)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid value: ${swappiness}. Valid memory swappiness range is 0-100`,
    );
  }
}

function buildConfig(
  { options, given, image, command, detach }: RequestParts,
  world: World,
  ports: PublishedPorts,
): Loose<ContainerConfig> {
  const streams = new Set(options.attach);
  const unasked = streams.size === 0 && !detach;
  const attachStdin = streams.has('stdin') || (options.interactive && !detach);
  const labels = options['label-file'].flatMap((path) => readKeyValueFile(path, (name) => name));
  const anonymous = options.volume.filter((text) => !text.includes(':'));
  const exposed = [...options.expose.flat(), ...ports.exposed];
  return {
    Image: image,
    Hostname: options.hostname,
    Domainname: options.domainname,
    User: options.user,
    AttachStdin: attachStdin,
    AttachStdout: streams.has('stdout') || unasked,
    AttachStderr: streams.has('stderr') || unasked,
    Tty: options.tty,
    OpenStdin: options.interactive,
    StdinOnce: options.interactive && attachStdin,
    Env: readVariables(options['env-file'], options.env, world.environment),
    Cmd: command.length === 0 ? undefined : [...command],
    // One empty word clears the image's entrypoint; an empty list would mean "none given".
    Entrypoint: options.entrypoint === undefined ? undefined : [options.entrypoint],
    Healthcheck: buildHealthcheck(options, given),
    Volumes: anonymous.length === 0 ? undefined : asSet(anonymous),
    ExposedPorts: exposed.length === 0 ? undefined : asSet(exposed),
    WorkingDir: options.workdir,
    Labels: toRecord([...labels, ...options.label]),
    StopSignal: options['stop-signal'],
    StopTimeout: options['stop-timeout'],
  };
}

function buildHealthcheck(options: CreateOptions, given: ReadonlySet<string>): HealthConfig | undefined {
  const asked = [...given].some((name) => name.startsWith('health-'));
  if (options['no-healthcheck']) {
    if (asked) throw new DhowError('InvalidParameter', '--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!asked) return undefined;
  const retries = options['health-retries'];
  if (retries !== undefined && retries < 0) {
    throw new DhowError('InvalidParameter', '--health-retries cannot be negative');
  }
  const command = options['health-cmd'];
  return prune<HealthConfig>({
    Test: command === undefined ? undefined : ['CMD-SHELL', command],
    Interval: options['health-interval'],
    Timeout: options['health-timeout'],
    StartPeriod: options['health-start-period'],
    StartInterval: options['health-start-interval'],
    Retries: retries,
  });
}

function buildHostConfig(
  { options, given }: RequestParts,
  world: World,
  ports: PublishedPorts,
): Loose<HostConfig> {
  const { workingDirectory } = world;
  const security = readSecurity(options['security-opt'], workingDirectory);
  return {
    // The same twice is no contradiction: scripts put their own next to those of the user.
    Binds: [...new Set(options.volume)]
      .filter((text) => text.includes(':'))
      .map((text) => (/^\.{1,2}(\/|:)/.test(text) ? absoluteBind(text, workingDirectory) : text)),
    Mounts: options.mount.map((text) => parseMount(text, workingDirectory)),
    ContainerIDFile: options.cidfile,
    LogConfig: logConfig(options),
    PortBindings: ports.bindings,
    PublishAllPorts: options['publish-all'],
    RestartPolicy: options.restart,
    AutoRemove: options.rm,
    VolumeDriver: options['volume-driver'],
    VolumesFrom: options['volumes-from'],
    Annotations: toRecord(options.annotation),
    CapAdd: options['cap-add'],
    CapDrop: options['cap-drop'],
    CgroupnsMode: options.cgroupns,
    Dns: options.dns,
    DnsOptions: options['dns-option'],
    DnsSearch: options['dns-search'],
    ExtraHosts: options['add-host'],
    GroupAdd: options['group-add'],
    IpcMode: options.ipc,
    Links: options.link,
    OomScoreAdj: options['oom-score-adj'],
    PidMode: options.pid,
    Privileged: options.privileged,
    ReadonlyRootfs: options['read-only'],
    SecurityOpt: security.options,
    MaskedPaths: security.unmasked ? [] : undefined,
    ReadonlyPaths: security.unmasked ? [] : undefined,
    StorageOpt: toRecord(options['storage-opt']),
    Tmpfs: toTmpfs(options.tmpfs),
    UTSMode: options.uts,
    UsernsMode: options.userns,
    ShmSize: options['shm-size'],
    Sysctls: toRecord(options.sysctl),
    Runtime: options.runtime,
    Init: given.has('init') ? options.init : undefined,
    CgroupParent: options['cgroup-parent'],
    BlkioWeight: options['blkio-weight'],
    BlkioWeightDevice: options['blkio-weight-device'],
    BlkioDeviceReadBps: options['device-read-bps'],
    BlkioDeviceWriteBps: options['device-write-bps'],
    BlkioDeviceReadIOps: options['device-read-iops'],
    BlkioDeviceWriteIOps: options['device-write-iops'],
    CpuShares: options['cpu-shares'],
    CpuPeriod: options['cpu-period'],
    CpuQuota: options['cpu-quota'],
    CpuRealtimePeriod: options['cpu-rt-period'],
    CpuRealtimeRuntime: options['cpu-rt-runtime'],
    CpusetCpus: options['cpuset-cpus'],
    CpusetMems: options['cpuset-mems'],
    NanoCpus: options.cpus,
    Devices: options.device.flatMap((device) => ('file' in device ? [device.file] : [])),
    DeviceRequests: [
      ...options.gpus,
      ...options.device.flatMap((device) => ('request' in device ? [device.request] : [])),
    ],
    DeviceCgroupRules: options['device-cgroup-rule'],
    Memory: options.memory,
    MemoryReservation: options['memory-reservation'],
    MemorySwap: options['memory-swap'],
    MemorySwappiness: options['memory-swappiness'] === -1 ? undefined : options['memory-swappiness'],
    OomKillDisable: options['oom-kill-disable'] || undefined,
    PidsLimit: options['pids-limit'],
    Ulimits: options.ulimit,
  };
}

function logConfig(options: CreateOptions): HostConfig['LogConfig'] {
  if (options['log-driver'] === undefined && options['log-opt'].length === 0) return undefined;
  if (options['log-driver'] === 'none' && options['log-opt'].length > 0) {
    throw new DhowError('InvalidParameter', 'invalid logging opts for driver none');
  }
  return { Type: options['log-driver'] ?? '', Config: toRecord(options['log-opt']) };
}

function absoluteBind(text: string, directory: string): string {
  const colon = text.indexOf(':');
  return resolve(directory, text.slice(0, colon)) + text.slice(colon);
}

function toTmpfs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':');
      return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}

/** A seccomp profile is sent as its text; `systempaths=unconfined` becomes empty lists of masked paths. */
function readSecurity(texts: readonly string[], directory: string): { options: string[]; unmasked: boolean } {
  const options: string[] = [];
  let unmasked = false;
  for (const text of texts) {
    const split = text.search(/[=:]/);
    if (split === -1 && text !== 'no-new-privileges') {
      throw new DhowError('InvalidParameter', `invalid --security-opt: "${text}"`);
    }
    const key = split === -1 ? text : text.slice(0, split);
    const value = text.slice(split + 1);
    if (key === 'systempaths' && value === 'unconfined') unmasked = true;
    else if (key === 'seccomp' && value !== 'unconfined' && value !== 'builtin') {
      options.push(`seccomp=${readProfile(resolve(directory, value))}`);
    } else options.push(text);
  }
  return { options, unmasked };
}

function readProfile(path: string): string {
  try {
    return JSON.stringify(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new DhowError('InvalidParameter', `cannot read seccomp profile ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function asSet(keys: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}

/** A body in the making: what was not asked for is undefined. */
type Loose<Value> = {
  [Name in keyof Value]?:
    | Value[Name]
    | (NonNullable<Value[Name]> extends (infer Element)[] ? readonly Element[] : never)
    | undefined;
};

/** Empty lists that say something: nothing is masked. */
const meantEmpty = new Set(['MaskedPaths', 'ReadonlyPaths']);

/** Leaves out what was not asked for, so that the body is short and old daemons are not told of fields they do not know. */
function prune<Value extends object>(value: Loose<Value>): Value {
  const isAsked = ([name, field]: [string, unknown]) =>
    field !== undefined &&
    (typeof field !== 'object' || field === null || Object.keys(field).length > 0 || meantEmpty.has(name));
  return Object.fromEntries(Object.entries(value).filter(isAsked)) as Value;
}
