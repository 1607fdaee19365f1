import type { HealthCheck } from '#image/config.ts';
import type { LogDriver } from '#log-drivers/options.ts';
import type { EndpointRequest, PublishedPortRequest } from '#network/network.ts';
import type { DeviceSettings, ResourceSettings, SecuritySettings } from '#runtime/spec.ts';

/**
 * What a container was asked to be, in the engine's own terms. The API room decodes Docker's `Config` and `HostConfig` into
 * this (refusing what is not supported) and encodes it back for inspect; it is stored as JSON in the container's row, so every
 * field is plain data.
 */
export interface ContainerSettings {
  /** As the user typed it. */
  image: string;
  /** undefined: the image's; an empty array: explicitly none. */
  entrypoint?: string[];
  command?: string[];
  environment: string[];
  workingDirectory: string;
  user: string;
  hostname: string;
  domainname: string;
  labels: Record<string, string>;
  stopSignal?: string;
  stopTimeoutSeconds?: number;
  terminal: boolean;
  openStdin: boolean;
  stdinOnce: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  /** Such as `80/tcp`. */
  exposedPorts: string[];
  /** Container paths that get an anonymous volume. */
  volumePaths: string[];
  healthcheck?: HealthCheck;
  networkDisabled: boolean;
  host: HostSettings;
  /** The networks to be on, with the wishes for each; none with `--network container:X`. */
  networks: EndpointRequest[];
}

export interface HostSettings {
  /** `-v` texts as given, kept for inspect. */
  binds: string[];
  /** Parsed from `-v` and `--mount` alike. */
  mounts: MountSettings[];
  /** `container[:mode]` texts. */
  volumesFrom: string[];
  /** The first network as it was named, or `container:<id>`. */
  networkMode: string;
  /** On the default network; those on other networks are the endpoints' own. */
  links: LinkSettings[];
  ports: PublishedPortRequest[];
  publishAllPorts: boolean;
  restartPolicy: RestartPolicy;
  autoRemove: boolean;
  init?: boolean;
  readonlyRoot: boolean;
  /** `size`: the most that the writable layer may hold. */
  storageOptions: Record<string, string>;
  tmpfs: Record<string, string>;
  shmSizeBytes: number;
  sysctls: Record<string, string>;
  rlimits: { name: string; soft: number; hard: number }[];
  additionalGroups: string[];
  oomScoreAdj: number;
  devices: DeviceSettings[];
  deviceRequests: DeviceRequest[];
  resources: ResourceSettings;
  security: SecuritySettings & {
    noNewPrivileges: boolean;
    /** Texts after `label=`. */
    selinuxLabels?: string[];
  };
  /** `''`/`private`, `host`, `container:<id>`; ipc also `shareable` and `none`. */
  pidMode: string;
  ipcMode: string;
  utsMode: string;
  cgroupnsMode: string;
  /** Whether it keeps the host's ids where the daemon gives others. */
  usernsMode?: 'host';
  cgroupParent: string;
  extraHosts: string[];
  dns: string[];
  dnsSearch: string[];
  dnsOptions: string[];
  /** `''`: the daemon's choice, which a container that was created has instead. */
  logDriver: LogDriver | '';
  logOptions: Record<string, string>;
  runtime: string;
  consoleSize?: { rows: number; columns: number };
  annotations: Record<string, string>;
}

/** Devices that a driver chooses (`--gpus`), or that are described by CDI (driver `cdi`, `--device vendor.com/class=name`). */
export interface DeviceRequest {
  driver: string;
  /** -1 is all; 0 with `ids`. */
  count: number;
  ids: string[];
  /** One of these lists must be met. */
  capabilities: string[][];
}

export interface LinkSettings {
  /** Id of the container; before the linking container is created, what the user called it. */
  target: string;
  alias: string;
}

export interface RestartPolicy {
  name: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  maximumRetryCount: number;
}

export type MountSettings =
  | {
      type: 'bind';
      source: string;
      target: string;
      readonly: boolean;
      propagation: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
      recursive: boolean;
      /** Of the mounts below a source that is read-only: absent, they are read-only too where the kernel can do that. */
      readonlyBelow?: 'never' | 'always';
      /** `-v` makes a missing source directory; `--mount` refuses it. */
      createSource: boolean;
      /** The options of `-v` as given, told back by inspect. */
      mode?: string;
    }
  | {
      type: 'volume';
      /** Empty: anonymous; the engine replaces it by the generated name. */
      name: string;
      target: string;
      readonly: boolean;
      copyUp: boolean;
      /** A directory or file in the volume, which is mounted alone. */
      subpath?: string;
      /** For the volume, if it is to be made. */
      labels?: Record<string, string>;
      options?: Record<string, string>;
      mode?: string;
    }
  | { type: 'tmpfs'; target: string; options: string[] }
  | { type: 'image'; source: string; target: string; subpath?: string };
