import type { BuildCommand, CommandMount } from '#build/executor.ts';
import type { ContainerMount, NamespaceMode, SpecInput } from '#runtime/spec.ts';

/** Docker's default for /dev/shm. */
const defaultShmBytes = 64 * 1024 * 1024;

export interface CommandSurroundings {
  hostname: string;
  network: NamespaceMode;
  userNamespace?: SpecInput['userNamespace'];
  /** Files on the host that become the container's /etc/hosts and the like, by their path in it. */
  hostFiles: ReadonlyMap<string, string>;
  cgroupParent: string;
}

/** A command of a build as a container, with Docker's defaults. */
export function commandSpec(command: BuildCommand, surroundings: CommandSurroundings): SpecInput {
  const { limits } = command;
  const privateNamespace: NamespaceMode = { mode: 'private' };
  const hostFiles = [...surroundings.hostFiles].map(([target, source]) => bindOf(source, target, false));
  return {
    id: command.id,
    rootDirectory: command.rootDirectory,
    process: {
      args: [...command.args],
      env: [...command.environment],
      workingDirectory: command.workingDirectory,
      user: command.user,
      additionalGroups: [],
      terminal: false,
      rlimits: [...limits.rlimits],
      noNewPrivileges: false,
    },
    hostname: surroundings.hostname,
    mounts: [...hostFiles, ...command.mounts.map(mountOf)],
    namespaces: {
      pid: privateNamespace,
      ipc: privateNamespace,
      uts: privateNamespace,
      cgroup: privateNamespace,
      network: surroundings.network,
    },
    ...(surroundings.userNamespace ? { userNamespace: surroundings.userNamespace } : {}),
    security: {
      privileged: command.insecure,
      capabilitiesAdd: [],
      capabilitiesDrop: [],
      seccomp: command.insecure ? { kind: 'unconfined' } : { kind: 'default' },
    },
    resources: {
      deviceCgroupRules: [],
      ...defined({
        memoryBytes: limits.memoryBytes,
        memorySwapBytes: limits.memorySwapBytes,
        cpuShares: limits.cpuShares,
        cpuPeriodUs: limits.cpuPeriodUs,
        cpuQuotaUs: limits.cpuQuotaUs,
        cpusetCpus: limits.cpusetCpus,
        cpusetMems: limits.cpusetMems,
      }),
    },
    devices: [],
    sysctls: {},
    shmSizeBytes: limits.shmSizeBytes ?? defaultShmBytes,
    readonlyRoot: false,
    cgroupParent: limits.cgroupParent || surroundings.cgroupParent,
    annotations: {},
  };
}

function mountOf(mount: CommandMount): ContainerMount {
  if (mount.type === 'bind') return bindOf(mount.source, mount.target, mount.readonly);
  const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
  // A build may compile and run what it puts there.
  return { type: 'tmpfs', target: mount.target, options: ['exec', 'mode=1777', ...size] };
}

function bindOf(source: string, target: string, readonly: boolean): ContainerMount {
  return { type: 'bind', source, target, readonly, propagation: 'rprivate', recursive: false };
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Defined<Value>;
}
