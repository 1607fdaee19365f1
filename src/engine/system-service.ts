import fs from 'node:fs';
import os from 'node:os';
import { readHostFacts } from '#engine/system/host-facts.ts';
import { limitWarnings } from '#engine/system/limit-warnings.ts';
import type { EngineVersion, SystemInfo, SystemService } from '#engine/system.ts';
import { listCdiDevices } from '#runtime/cdi.ts';
import type { HostAppArmor } from '#runtime/spec.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { readCgroupFeatures } from '#sys/cgroup-features.ts';

export interface SystemParts {
  engineId: string;
  version: string;
  gitCommit: string;
  buildTime: string;
  dataRoot: string;
  runtime: { name: string; path: string; version: string; commit: string };
  /** Programs by the names that containers ask for, besides `runtime`. */
  otherRuntimes: Readonly<Record<string, string>>;
  conmonVersion: string;
  cgroupVersion: 1 | 2;
  logDriver: string;
  cdiDirectories: readonly string[];
  addressPools: readonly string[];
  appArmor: HostAppArmor | undefined;
  remapsIds: boolean;
  debug: boolean;
  insecureRegistries: string[];
  mirrors: string[];
  proxies: SystemInfo['proxies'];
  warnings: string[];
  countContainers: () => SystemInfo['containers'];
  countImages: () => number;
  eventListeners: () => number;
}

export function createSystemService(parts: SystemParts): SystemService {
  const facts = readHostFacts(parts.dataRoot);
  return {
    info() {
      const limits = readCgroupFeatures(readCgroupHierarchies());
      return {
        engineId: parts.engineId,
        dataRoot: parts.dataRoot,
        containers: parts.countContainers(),
        images: parts.countImages(),
        storageDriver: 'overlay2',
        storageStatus: [
          ['Backing Filesystem', facts.backingFilesystem],
          ['Native Overlay Diff', 'true'],
          ['userxattr', 'false'],
        ],
        backingFilesystem: facts.backingFilesystem,
        cgroupVersion: parts.cgroupVersion,
        cgroupDriver: 'cgroupfs',
        logDriver: parts.logDriver,
        cdiDirectories: [...parts.cdiDirectories],
        addressPools: [...parts.addressPools],
        runtimes: { ...parts.otherRuntimes, [parts.runtime.name]: parts.runtime.path },
        defaultRuntime: parts.runtime.name,
        kernelVersion: os.release(),
        operatingSystem: facts.operatingSystem,
        osVersion: facts.osVersion,
        cpus: os.availableParallelism(),
        memoryBytes: os.totalmem(),
        hostName: os.hostname(),
        debug: parts.debug,
        openFileDescriptors: fs.readdirSync('/proc/self/fd').length,
        eventListeners: parts.eventListeners(),
        insecureRegistries: parts.insecureRegistries,
        mirrors: parts.mirrors,
        proxies: parts.proxies,
        appArmor: parts.appArmor,
        remapsIds: parts.remapsIds,
        warnings: [...limitWarnings(limits, parts.cgroupVersion), ...parts.warnings],
        limits,
        ipv4Forwarding: fs.readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '1',
      };
    },
    listDevices: () => listCdiDevices(parts.cdiDirectories),
    version: (): EngineVersion => ({
      version: parts.version,
      gitCommit: parts.gitCommit,
      nodeVersion: process.version,
      os: process.platform,
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      kernelVersion: os.release(),
      buildTime: parts.buildTime,
      components: [
        {
          name: parts.runtime.name,
          version: parts.runtime.version,
          details: { GitCommit: parts.runtime.commit },
        },
        { name: 'conmon', version: parts.conmonVersion, details: {} },
      ],
    }),
  };
}
