import type { IdMapping } from '#sys/id-mapping.ts';

export { chooseAppArmorProfile } from '#runtime/spec/apparmor.ts';
export { defaultMaskedPaths, defaultReadonlyPaths } from '#runtime/spec/paths.ts';

/**
 * What a container is, in the terms of the kernel and the OCI runtime spec: the input of the spec builder. The engine
 * fills it from Docker's settings; everything here is resolved (paths absolute, users still as text because the image's
 * own /etc/passwd decides).
 */
export interface SpecInput {
  id: string;
  /** Mounted root directory on the host. */
  rootDirectory: string;
  process: ProcessSettings;
  hostname: string;
  domainname?: string;
  /** Mounts besides the standard ones (/proc, /dev, /sys, …), in order. */
  mounts: ContainerMount[];
  namespaces: NamespaceSettings;
  /** To be joined; it owns the network namespace. Absent: the host's. */
  userNamespace?: { path: string; mapping: IdMapping };
  security: SecuritySettings;
  resources: ResourceSettings;
  devices: DeviceSettings[];
  sysctls: Record<string, string>;
  shmSizeBytes: number;
  readonlyRoot: boolean;
  /** Path of an init binary on the host to run as pid 1, bind-mounted at /sbin/docker-init. */
  initBinary?: string;
  /** Parent in every hierarchy, such as `/dhow`; the container's own cgroup is `<parent>/<id>`. */
  cgroupParent: string;
  annotations: Record<string, string>;
}

export interface ProcessSettings {
  /** Entrypoint and command joined; never empty. */
  args: string[];
  /** `KEY=value`. PATH, HOME (from the user database), HOSTNAME and, with a terminal, TERM are added if missing. */
  env: string[];
  /** Absolute; made in the container if missing. */
  workingDirectory: string;
  /** `user`, `uid`, `user:group`, `uid:gid`, or empty for root; names are looked up in the container's root. */
  user: string;
  additionalGroups: string[];
  terminal: boolean;
  consoleSize?: { rows: number; columns: number };
  oomScoreAdj?: number;
  rlimits: { name: string; soft: number; hard: number }[];
  noNewPrivileges: boolean;
}

export type ContainerMount =
  | {
      type: 'bind';
      /** Absolute path on the host; exists. */
      source: string;
      target: string;
      readonly: boolean;
      propagation: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
      recursive: boolean;
      /** Of the mounts below a read-only source; absent: they are read-only where the kernel can do that. */
      readonlyBelow?: 'never' | 'always';
    }
  | { type: 'tmpfs'; target: string; options: string[] };

/** A namespace is the container's own, the host's, or joined by path (`/proc/<pid>/ns/<kind>`, `/proc/<pid>/fd/<n>`). */
export type NamespaceMode = { mode: 'private' } | { mode: 'host' } | { mode: 'path'; path: string };

export interface NamespaceSettings {
  pid: NamespaceMode;
  ipc: NamespaceMode;
  uts: NamespaceMode;
  network: NamespaceMode;
  cgroup: NamespaceMode;
}

export interface SecuritySettings {
  privileged: boolean;
  /** Docker's spelling, with or without CAP_, or ALL. */
  capabilitiesAdd: string[];
  capabilitiesDrop: string[];
  /** Profile text; `default` is Docker's profile, `unconfined` none. */
  seccomp: { kind: 'default' } | { kind: 'unconfined' } | { kind: 'profile'; json: string };
  /** A profile that the kernel has, or `unconfined`; on a host without AppArmor it means nothing. undefined: see `chooseAppArmorProfile`. */
  apparmorProfile?: string;
  /** undefined: `defaultMaskedPaths` and `defaultReadonlyPaths`, or none in a privileged container. */
  maskedPaths?: string[];
  readonlyPaths?: string[];
}

/** How a host whose kernel has AppArmor uses it. */
export interface HostAppArmor {
  /** Of containers that name none; undefined where none can be loaded. */
  defaultProfile?: string;
}

/** Limits; undefined means unlimited or the kernel's default. */
export interface ResourceSettings {
  memoryBytes?: number;
  memoryReservationBytes?: number;
  /** Memory plus swap as Docker counts it; -1 is unlimited. */
  memorySwapBytes?: number;
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  cpuShares?: number;
  cpuPeriodUs?: number;
  /** 0 and -1: none. */
  cpuQuotaUs?: number;
  cpuRealtimePeriodUs?: number;
  cpuRealtimeRuntimeUs?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  /** 0 and -1: none. */
  pidsLimit?: number;
  blkioWeight?: number;
  /** Of block devices of the host, by path; looked at when the container starts. */
  blkioWeightDevices?: { path: string; weight: number }[];
  blkioThrottles?: Partial<Record<BlkioThrottle, { path: string; rate: number }[]>>;
  /** `--device-cgroup-rule` texts, such as `c 42:* rmw`. */
  deviceCgroupRules: string[];
}

/** Bytes or operations per second. */
export type BlkioThrottle = 'readBps' | 'writeBps' | 'readIops' | 'writeIops';

export interface DeviceSettings {
  hostPath: string;
  containerPath: string;
  /** Any of `rwm`. */
  permissions: string;
}
