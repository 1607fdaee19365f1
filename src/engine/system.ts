import type { HostAppArmor } from '#runtime/spec.ts';
import type { CgroupFeatures } from '#sys/cgroup-features.ts';

/** What the engine knows of itself and its host, for `info` and `version`. */
export interface SystemService {
  info(): SystemInfo;
  version(): EngineVersion;
  /** Names of the devices that are described by CDI at present. */
  listDevices(): Promise<string[]>;
}

export interface EngineVersion {
  version: string;
  gitCommit: string;
  /** Node's version, shown where Docker shows Go's. */
  nodeVersion: string;
  os: string;
  architecture: string;
  kernelVersion: string;
  buildTime: string;
  components: { name: string; version: string; details: Record<string, string> }[];
}

export interface SystemInfo {
  /** Stable over restarts; made with the data root. */
  engineId: string;
  dataRoot: string;
  containers: { running: number; paused: number; stopped: number };
  images: number;
  storageDriver: string;
  storageStatus: [string, string][];
  backingFilesystem: string;
  cgroupVersion: 1 | 2;
  cgroupDriver: 'cgroupfs';
  /** Of containers that name none. */
  logDriver: string;
  cdiDirectories: string[];
  /** Where subnets of networks come from, if the usual ones do not do: `base,prefix-length` each. */
  addressPools: string[];
  runtimes: Record<string, string>;
  defaultRuntime: string;
  kernelVersion: string;
  operatingSystem: string;
  osVersion: string;
  cpus: number;
  memoryBytes: number;
  hostName: string;
  debug: boolean;
  openFileDescriptors: number;
  eventListeners: number;
  insecureRegistries: string[];
  mirrors: string[];
  /** As the daemon's environment has them, passwords included; empty where it has none. */
  proxies: { http: string; https: string; exempt: string };
  /** undefined: the kernel confines nothing by AppArmor. */
  appArmor: HostAppArmor | undefined;
  /** Whether containers have user namespaces of their own. */
  remapsIds: boolean;
  warnings: string[];
  limits: CgroupFeatures;
  ipv4Forwarding: boolean;
}
