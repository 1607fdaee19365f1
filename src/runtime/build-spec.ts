import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { OciDeviceRule, OciIdMapping, OciLinux, OciProcess, OciSpec } from '#runtime/oci.ts';
import { chooseCapabilities } from '#runtime/spec/capabilities.ts';
import {
  type DeviceNode,
  defaultDeviceRules,
  everyDeviceRule,
  parseDeviceRule,
  readDevices,
  readHostDevices,
} from '#runtime/spec/devices.ts';
import { buildEnvironment } from '#runtime/spec/environment.ts';
import { buildRlimits, checkOomScore } from '#runtime/spec/limits.ts';
import { buildMounts, findMountPropagation, rootPropagation } from '#runtime/spec/mounts.ts';
import { defaultMaskedPaths, defaultReadonlyPaths } from '#runtime/spec/paths.ts';
import { buildResources } from '#runtime/spec/resources.ts';
import { type OciSeccomp, parseSeccompProfile, resolveSeccomp } from '#runtime/spec/seccomp.ts';
import { buildSysctls } from '#runtime/spec/sysctls.ts';
import { chooseAppArmorProfile, type NamespaceMode, type SpecInput } from '#runtime/spec.ts';
import type { SpecContext } from '#runtime/spec-context.ts';
import { type ResolvedUser, resolveUser } from '#runtime/users.ts';
import type { IdRange } from '#sys/id-mapping.ts';

export type { SpecContext } from '#runtime/spec-context.ts';

/** What the builder must look up on the host for one container. */
export interface SpecFacts {
  user: ResolvedUser;
  deviceNodes: DeviceNode[];
  deviceRules: OciDeviceRule[];
}

/**
 * Writes the OCI configuration of a container with Docker's defaults (runtime-spec 1.0.2, config.md and config-linux.md). Looks into the
 * mounted root for the user and at the host for devices.
 *
 * @throws InvalidParameter for settings that contradict each other or ask for more than the daemon itself may do
 */
export function buildSpec(input: SpecInput, context: SpecContext): OciSpec {
  checkPropagation(input);
  const wished = input.devices.map(readDevices);
  const hostDevices = input.security.privileged ? readHostDevices() : [];
  const nodes = new Map(
    [...hostDevices, ...wished.flatMap((device) => device.nodes)].map((node) => [node.path, node]),
  );
  return composeSpec(input, context, {
    user: resolveUser(input.rootDirectory, input.process.user, input.process.additionalGroups),
    deviceNodes: [...nodes.values()],
    deviceRules: wished.flatMap((device) => device.rules),
  });
}

/** The pure part of `buildSpec`. */
export function composeSpec(input: SpecInput, context: SpecContext, facts: SpecFacts): OciSpec {
  const { namespaces } = input;
  const capabilities = chooseCapabilities(
    {
      privileged: input.security.privileged,
      add: input.security.capabilitiesAdd,
      drop: input.security.capabilitiesDrop,
    },
    context.capabilities,
  );
  const ownUts = namespaces.uts.mode === 'private';
  const runsInit = input.initBinary !== undefined && namespaces.pid.mode === 'private';
  const mounts = buildMounts(input, { mqueue: context.hostMessageQueues, kernel: context.kernel });
  if (runsInit) mounts.push(initMount(input.initBinary as string));
  return {
    ociVersion: '1.0.2',
    process: composeProcess(input, context, { user: facts.user, capabilities, runsInit }),
    root: { path: input.rootDirectory, readonly: input.readonlyRoot },
    ...(ownUts ? { hostname: input.hostname } : {}),
    ...(ownUts && input.domainname ? { domainname: input.domainname } : {}),
    mounts,
    annotations: input.annotations,
    linux: composeLinux(input, context, facts, capabilities),
  };
}

function composeProcess(
  { process: wishes, hostname, security }: SpecInput,
  context: SpecContext,
  { user, capabilities, runsInit }: { user: ResolvedUser; capabilities: string[]; runsInit: boolean },
): OciProcess {
  const mayRaise = context.capabilities.includes('CAP_SYS_RESOURCE');
  if (wishes.oomScoreAdj !== undefined) {
    checkOomScore(wishes.oomScoreAdj, { own: context.oomScore, mayLower: mayRaise });
  }
  // A daemon that the kernel is to spare does not hand that down: without a wish a container has 0, as Docker's.
  const oomScoreAdj = wishes.oomScoreAdj ?? (context.oomScore < 0 ? 0 : undefined);
  const { consoleSize } = wishes;
  const apparmorProfile = chooseAppArmorProfile(security, context.appArmor);
  return {
    terminal: wishes.terminal,
    ...(wishes.terminal && consoleSize && consoleSize.rows > 0 && consoleSize.columns > 0
      ? { consoleSize: { height: consoleSize.rows, width: consoleSize.columns } }
      : {}),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: runsInit ? [initTarget, '--', ...wishes.args] : wishes.args,
    env: buildEnvironment(wishes.env, { hostname, home: user.home, terminal: wishes.terminal }),
    cwd: wishes.workingDirectory || '/',
    capabilities: capabilitySets(user.uid, capabilities),
    ...(wishes.rlimits.length > 0
      ? { rlimits: buildRlimits(wishes.rlimits, { hardLimits: context.hardLimits, mayRaise }) }
      : {}),
    noNewPrivileges: wishes.noNewPrivileges,
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
  };
}

/**
 * Nothing is inheritable or ambient (CVE-2022-24769). Another user than root has no capability until it executes a program that
 * gives some, as after any other change of the user.
 */
export function capabilitySets(uid: number, capabilities: string[]): NonNullable<OciProcess['capabilities']> {
  const active = uid === 0 ? capabilities : [];
  return { bounding: capabilities, effective: active, permitted: active, inheritable: [], ambient: [] };
}

function composeLinux(
  input: SpecInput,
  context: SpecContext,
  facts: SpecFacts,
  capabilities: string[],
): OciLinux {
  const { security, namespaces } = input;
  const { userNamespace } = input;
  const sysctl = buildSysctls(input.sysctls, namespaces, userNamespace?.mapping);
  const rules = security.privileged
    ? [everyDeviceRule]
    : [
        ...defaultDeviceRules,
        ...facts.deviceRules,
        ...input.resources.deviceCgroupRules.map(parseDeviceRule),
      ];
  const seccomp = chooseSeccomp(input, context, capabilities);
  return {
    namespaces: [
      { type: 'mount' },
      ...namespace('pid', namespaces.pid),
      ...namespace('ipc', namespaces.ipc),
      ...namespace('uts', namespaces.uts),
      ...namespace('network', namespaces.network),
      ...namespace('cgroup', namespaces.cgroup),
      ...(userNamespace ? [{ type: 'user', path: userNamespace.path }] : []),
    ],
    ...(userNamespace
      ? {
          // The namespace has them already; runc must know them all the same.
          uidMappings: userNamespace.mapping.uids.map(mappingOf),
          gidMappings: userNamespace.mapping.gids.map(mappingOf),
        }
      : {}),
    cgroupsPath: path.posix.join('/', input.cgroupParent, input.id),
    resources: { ...buildResources(input.resources, rules) },
    ...(Object.keys(sysctl).length > 0 ? { sysctl } : {}),
    ...(seccomp ? { seccomp } : {}),
    maskedPaths: security.maskedPaths ?? (security.privileged ? [] : [...defaultMaskedPaths()]),
    readonlyPaths: security.readonlyPaths ?? (security.privileged ? [] : [...defaultReadonlyPaths]),
    rootfsPropagation: rootPropagation(input.mounts),
    ...(facts.deviceNodes.length > 0 ? { devices: facts.deviceNodes } : {}),
  };
}

function namespace(type: string, mode: NamespaceMode): OciLinux['namespaces'] {
  if (mode.mode === 'host') return [];
  return mode.mode === 'path' ? [{ type, path: mode.path }] : [{ type }];
}

function mappingOf({ inside, outside, count }: IdRange): OciIdMapping {
  return { containerID: inside, hostID: outside, size: count };
}

function chooseSeccomp(
  { security }: SpecInput,
  context: SpecContext,
  capabilities: string[],
): OciSeccomp | undefined {
  const facts = { capabilities, architecture: context.architecture, kernel: context.kernel };
  switch (security.seccomp.kind) {
    case 'unconfined':
      return undefined;
    case 'profile':
      return resolveSeccomp(parseSeccompProfile(security.seccomp.json, 'the given seccomp profile'), facts);
    case 'default':
      return security.privileged ? undefined : resolveSeccomp(context.defaultSeccomp, facts);
  }
}

const initTarget = '/sbin/docker-init';

function initMount(source: string): OciSpec['mounts'][number] {
  return { destination: initTarget, type: 'bind', source, options: ['bind', 'ro', 'rprivate'] };
}

/** @throws InvalidParameter when a bind shall pass mounts on, but its source lies on a mount that does not */
function checkPropagation({ mounts }: SpecInput): void {
  const passing = mounts.filter(
    (mount) => mount.type === 'bind' && mount.propagation !== 'private' && mount.propagation !== 'rprivate',
  );
  if (passing.length === 0) return;
  const mountInfo = fs.readFileSync('/proc/self/mountinfo', 'utf8');
  for (const mount of passing) {
    if (mount.type !== 'bind') continue;
    const { mountPoint, fields } = findMountPropagation(mountInfo, fs.realpathSync(mount.source));
    const shared = fields.some((field) => field.startsWith('shared:'));
    const slave = fields.some((field) => field.startsWith('master:'));
    const suffices = shared || (slave && mount.propagation.endsWith('slave'));
    if (!suffices) {
      throw new DhowError(
        'InvalidParameter',
        `path ${mount.source} is mounted on ${mountPoint} but it is not a shared${
          mount.propagation.endsWith('slave') ? ' or slave' : ''
        } mount (make it one with: mount --make-rshared ${mountPoint})`,
      );
    }
  }
}
