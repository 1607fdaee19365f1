import type { SpecInput } from '#runtime/spec.ts';

/** The plainest container: every setting at its default. */
export function plainSpecInput(overrides: Partial<SpecInput> = {}): SpecInput {
  return {
    id: 'c'.repeat(64),
    rootDirectory: '/nowhere',
    process: {
      args: ['true'],
      env: [],
      workingDirectory: '',
      user: '',
      additionalGroups: [],
      terminal: false,
      rlimits: [],
      noNewPrivileges: false,
    },
    hostname: 'box',
    mounts: [],
    namespaces: {
      pid: { mode: 'private' },
      ipc: { mode: 'private' },
      uts: { mode: 'private' },
      network: { mode: 'private' },
      cgroup: { mode: 'host' },
    },
    security: {
      privileged: false,
      capabilitiesAdd: [],
      capabilitiesDrop: [],
      seccomp: { kind: 'default' },
    },
    resources: { deviceCgroupRules: [] },
    devices: [],
    sysctls: {},
    shmSizeBytes: 64 * 1024 * 1024,
    readonlyRoot: false,
    cgroupParent: '/dhow-rt-test',
    annotations: {},
    ...overrides,
  };
}
