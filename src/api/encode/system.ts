import { discoveredDevicesMinor, firewallBackendMinor, minimumApiMinor } from '#api/versions.ts';
import type { EngineVersion, SystemInfo } from '#engine/system.ts';
import { logDrivers } from '#log-drivers/options.ts';
import { defaultApiMinor, formatApiVersion } from '#wire/api-version.ts';
import type { SystemInfo as InfoMessage, SystemVersion } from '#wire/system.ts';

export function encodeVersion(version: EngineVersion): SystemVersion {
  const apiVersion = formatApiVersion(defaultApiMinor);
  const minimum = formatApiVersion(minimumApiMinor);
  const goVersion = `node ${version.nodeVersion}`;
  return {
    Platform: { Name: `Dhow ${version.version}` },
    Components: [
      {
        Name: 'Engine',
        Version: version.version,
        Details: {
          ApiVersion: apiVersion,
          Arch: version.architecture,
          BuildTime: version.buildTime,
          Experimental: 'false',
          GitCommit: version.gitCommit,
          GoVersion: goVersion,
          KernelVersion: version.kernelVersion,
          MinAPIVersion: minimum,
          Os: version.os,
        },
      },
      ...version.components.map(({ name, version: text, details }) => ({
        Name: name,
        Version: text,
        Details: details,
      })),
    ],
    Version: version.version,
    ApiVersion: apiVersion,
    MinAPIVersion: minimum,
    GitCommit: version.gitCommit,
    GoVersion: goVersion,
    Os: version.os,
    Arch: version.architecture,
    KernelVersion: version.kernelVersion,
    BuildTime: version.buildTime,
  };
}

/** `uname -m` for Go's names of architectures. */
const machineNames: Record<string, string> = { amd64: 'x86_64', arm64: 'aarch64' };

const hub = 'docker.io';

interface InfoContext {
  version: EngineVersion;
  /** Names of CDI. */
  devices: readonly string[];
  now: Date;
  minor: number;
}

export function encodeInfo(info: SystemInfo, { version, devices, now, minor }: InfoContext): InfoMessage {
  const { containers, limits } = info;
  const runtimes = Object.entries(info.runtimes).map(([name, path]) => [name, { path }] as const);
  return {
    ID: info.engineId,
    Containers: containers.running + containers.paused + containers.stopped,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: info.images,
    Driver: info.storageDriver,
    DriverStatus: info.storageStatus,
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null'],
      Authorization: null,
      Log: [...logDrivers],
    },
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    CpuCfsPeriod: limits.cpuQuota,
    CpuCfsQuota: limits.cpuQuota,
    CPUShares: limits.cpuShares,
    CPUSet: limits.cpuset,
    PidsLimit: limits.pids,
    OomKillDisable: limits.oomKillDisable,
    IPv4Forwarding: info.ipv4Forwarding,
    // Clients before 28 warn when these are off; published ports do not depend on them here.
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: info.debug,
    NFd: info.openFileDescriptors,
    NGoroutines: 0,
    SystemTime: now.toISOString(),
    LoggingDriver: info.logDriver,
    CgroupDriver: info.cgroupDriver,
    CgroupVersion: String(info.cgroupVersion),
    NEventsListener: info.eventListeners,
    KernelVersion: info.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: version.os,
    Architecture: machineNames[version.architecture] ?? version.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: encodeRegistries(info),
    NCPU: info.cpus,
    MemTotal: info.memoryBytes,
    GenericResources: null,
    DockerRootDir: info.dataRoot,
    HttpProxy: withoutPassword(info.proxies.http),
    HttpsProxy: withoutPassword(info.proxies.https),
    NoProxy: info.proxies.exempt,
    Name: info.hostName,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: version.version,
    Runtimes: Object.fromEntries(runtimes),
    DefaultRuntime: info.defaultRuntime,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'docker-init',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: componentVersion(version, info.defaultRuntime) },
    InitCommit: { ID: '' },
    SecurityOptions: [
      ...(info.appArmor?.defaultProfile === undefined ? [] : ['name=apparmor']),
      'name=seccomp,profile=builtin',
      ...(info.remapsIds ? ['name=userns'] : []),
      'name=cgroupns',
    ],
    CDISpecDirs: info.cdiDirectories,
    ...(devices.length > 0 && minor >= discoveredDevicesMinor
      ? { DiscoveredDevices: devices.map((name) => ({ Source: 'cdi', ID: name })) }
      : {}),
    ...(info.addressPools.length > 0 ? { DefaultAddressPools: info.addressPools.map(encodePool) } : {}),
    ...(minor >= firewallBackendMinor ? { FirewallBackend: { Driver: 'nftables' } } : {}),
    Warnings: info.warnings.length > 0 ? info.warnings : null,
  };
}

/** @param pool such as `10.0.0.0/8,24` */
function encodePool(pool: string): { Base: string; Size: number } {
  const [base = '', size] = pool.split(',');
  return { Base: base, Size: Number(size) };
}

function componentVersion(version: EngineVersion, name: string): string {
  return version.components.find((component) => component.name === name)?.version ?? '';
}

/** In Docker's way. */
function withoutPassword(proxy: string): string {
  return proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1xxxxx:xxxxx@');
}

function encodeRegistries(info: SystemInfo): InfoMessage['RegistryConfig'] {
  const isRange = (entry: string): boolean => entry.includes('/');
  const hosts = info.insecureRegistries.filter((entry) => !isRange(entry));
  return {
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...info.insecureRegistries.filter(isRange)],
    IndexConfigs: {
      [hub]: { Name: hub, Mirrors: info.mirrors, Secure: true, Official: true },
      ...Object.fromEntries(
        hosts.map((host) => [host, { Name: host, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: info.mirrors,
  };
}
