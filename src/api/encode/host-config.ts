import { defaultCpuPeriodUs } from '#api/decode/resources.ts';
import { encodeMountSettings } from '#api/encode/mount-settings.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { PublishedPortRequest } from '#network/network.ts';
import {
  type BlkioThrottle,
  defaultMaskedPaths,
  defaultReadonlyPaths,
  type HostAppArmor,
  type ResourceSettings,
} from '#runtime/spec.ts';
import type { HostConfig, PortMap, Resources } from '#wire/host-config.ts';

/** What the engine chooses when a container leaves it open. */
export interface HostConfigDefaults {
  runtime: string;
  storageDriver: string;
  appArmor: HostAppArmor | undefined;
}

/** Inspect's `HostConfig`: what was asked for, with the defaults that apply. Absent lists are `null` where Docker's are. */
export function encodeHostConfig(view: ContainerView, defaults: HostConfigDefaults): HostConfig {
  const { host } = view.settings;
  const { security, consoleSize } = host;
  // Settings keep the parsed `-v` texts first; what follows came as `--mount`.
  const mounts = host.mounts.slice(host.binds.length).map(encodeMountSettings);
  return {
    Binds: orNull(host.binds),
    ContainerIDFile: '',
    LogConfig: { Type: host.logDriver, Config: host.logOptions },
    NetworkMode: host.networkMode,
    PortBindings: encodePortBindings(host.ports),
    RestartPolicy: {
      Name: host.restartPolicy.name,
      MaximumRetryCount: host.restartPolicy.maximumRetryCount,
    },
    AutoRemove: host.autoRemove,
    VolumeDriver: '',
    VolumesFrom: orNull(host.volumesFrom),
    ...(mounts.length > 0 ? { Mounts: mounts } : {}),
    ConsoleSize: consoleSize === undefined ? [0, 0] : [consoleSize.rows, consoleSize.columns],
    ...(Object.keys(host.annotations).length > 0 ? { Annotations: host.annotations } : {}),
    CapAdd: orNull(security.capabilitiesAdd),
    CapDrop: orNull(security.capabilitiesDrop),
    CgroupnsMode: host.cgroupnsMode || 'private',
    Dns: host.dns,
    DnsOptions: host.dnsOptions,
    DnsSearch: host.dnsSearch,
    ExtraHosts: orNull(host.extraHosts),
    GroupAdd: orNull(host.additionalGroups),
    IpcMode: host.ipcMode || 'private',
    Cgroup: '',
    Links: orNull(view.links),
    OomScoreAdj: host.oomScoreAdj,
    PidMode: host.pidMode,
    Privileged: security.privileged,
    PublishAllPorts: host.publishAllPorts,
    ReadonlyRootfs: host.readonlyRoot,
    SecurityOpt: orNull(encodeSecurityOptions(security)),
    ...(Object.keys(host.tmpfs).length > 0 ? { Tmpfs: host.tmpfs } : {}),
    UTSMode: host.utsMode,
    UsernsMode: host.usernsMode ?? '',
    ...(Object.keys(host.storageOptions).length > 0 ? { StorageOpt: host.storageOptions } : {}),
    ShmSize: host.shmSizeBytes,
    ...(Object.keys(host.sysctls).length > 0 ? { Sysctls: host.sysctls } : {}),
    Runtime: host.runtime || defaults.runtime,
    Isolation: '',
    ...encodeResources(host.resources),
    CgroupParent: host.cgroupParent,
    Devices: host.devices.map((device) => ({
      PathOnHost: device.hostPath,
      PathInContainer: device.containerPath,
      CgroupPermissions: device.permissions,
    })),
    DeviceRequests: orNull(
      host.deviceRequests.map(({ driver, count, ids, capabilities }) => ({
        Driver: driver,
        Count: count,
        DeviceIDs: orNull(ids),
        Capabilities: orNull(capabilities),
        Options: {},
      })),
    ),
    Ulimits: host.rlimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...(host.init === undefined ? {} : { Init: host.init }),
    MaskedPaths: security.maskedPaths ?? (security.privileged ? null : [...defaultMaskedPaths()]),
    ReadonlyPaths: security.readonlyPaths ?? (security.privileged ? null : [...defaultReadonlyPaths]),
  };
}

function encodeResources(resources: ResourceSettings): Resources {
  const { cpuPeriodUs = 0, cpuQuotaUs = 0, pidsLimit } = resources;
  // `--cpus` is stored as quota over the usual period; told back as it was asked.
  const asCpus = cpuPeriodUs === defaultCpuPeriodUs && cpuQuotaUs > 0;
  const throttles = (kind: BlkioThrottle) =>
    (resources.blkioThrottles?.[kind] ?? []).map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return {
    CpuShares: resources.cpuShares ?? 0,
    Memory: resources.memoryBytes ?? 0,
    NanoCpus: asCpus ? (cpuQuotaUs * 1e9) / defaultCpuPeriodUs : 0,
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: (resources.blkioWeightDevices ?? []).map(({ path, weight }) => ({
      Path: path,
      Weight: weight,
    })),
    BlkioDeviceReadBps: throttles('readBps'),
    BlkioDeviceWriteBps: throttles('writeBps'),
    BlkioDeviceReadIOps: throttles('readIops'),
    BlkioDeviceWriteIOps: throttles('writeIops'),
    CpuPeriod: asCpus ? 0 : cpuPeriodUs,
    CpuQuota: asCpus ? 0 : cpuQuotaUs,
    CpuRealtimePeriod: resources.cpuRealtimePeriodUs ?? 0,
    CpuRealtimeRuntime: resources.cpuRealtimeRuntimeUs ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    DeviceCgroupRules: orNull(resources.deviceCgroupRules),
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? null,
    PidsLimit: pidsLimit !== undefined && pidsLimit > 0 ? pidsLimit : null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function encodePortBindings(ports: readonly PublishedPortRequest[]): PortMap {
  const map: PortMap = {};
  for (const { containerPort, protocol, hostAddress, hostPort, hostPortEnd } of ports) {
    const key = `${containerPort}/${protocol}`;
    const text = hostPort === 0 ? '' : String(hostPort);
    const bindings = map[key] ?? [];
    bindings.push({
      HostIp: hostAddress,
      HostPort: hostPortEnd > hostPort ? `${text}-${hostPortEnd}` : text,
    });
    map[key] = bindings;
  }
  return map;
}

function encodeSecurityOptions(security: ContainerView['settings']['host']['security']): string[] {
  const options: string[] = [];
  if (security.noNewPrivileges) options.push('no-new-privileges');
  if (security.seccomp.kind === 'unconfined' && !security.privileged) options.push('seccomp=unconfined');
  if (security.seccomp.kind === 'profile') options.push(`seccomp=${security.seccomp.json}`);
  if (security.apparmorProfile) options.push(`apparmor=${security.apparmorProfile}`);
  const labels = security.selinuxLabels ?? (security.privileged ? ['disable'] : []);
  options.push(...labels.map((label) => `label=${label}`));
  return options;
}

function orNull<T>(list: T[]): T[] | null {
  return list.length > 0 ? list : null;
}
