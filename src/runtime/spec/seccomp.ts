import { DhowError, messageOf } from '#errors/error.ts';

/**
 * A profile file as Docker and containers-common write it: an OCI seccomp object whose rules hold under conditions.
 * https://docs.docker.com/engine/security/seccomp/
 */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures?: string[] | null }[];
  flags?: string[];
  syscalls?: SeccompRule[];
}

interface SeccompRule {
  names?: string[];
  /** Older spelling for a single name. */
  name?: string;
  action: string;
  errnoRet?: number | null;
  args?: SeccompArgument[] | null;
  includes?: SeccompCondition;
  excludes?: SeccompCondition;
}

interface SeccompArgument {
  index: number;
  value: number;
  valueTwo?: number;
  op: string;
}

interface SeccompCondition {
  caps?: string[];
  arches?: string[];
  /** `major.minor` */
  minKernel?: string;
}

export interface SeccompFacts {
  /** The container's bounding set. */
  capabilities: string[];
  /** In Go's words: `amd64`, `arm64`. */
  architecture: string;
  kernel: { major: number; minor: number };
}

/** The object of runtime-spec config-linux.md, "Seccomp". */
export interface OciSeccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures: string[];
  flags?: string[];
  syscalls: { names: string[]; action: string; errnoRet?: number; args?: SeccompArgument[] }[];
}

const nativeArchitectures: Record<string, string> = { amd64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' };

/** @throws InvalidParameter naming where the text came from */
export function parseSeccompProfile(json: string, origin: string): SeccompProfile {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new DhowError('InvalidParameter', `${origin} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (!isProfile(value)) {
    throw new DhowError(
      'InvalidParameter',
      `${origin} is not a seccomp profile: it needs "defaultAction" and "syscalls"`,
    );
  }
  return value;
}

function isProfile(value: unknown): value is SeccompProfile {
  if (typeof value !== 'object' || value === null) return false;
  if (!('defaultAction' in value) || typeof value.defaultAction !== 'string') return false;
  if (!('syscalls' in value) || value.syscalls === null) return true;
  return Array.isArray(value.syscalls) && value.syscalls.every(isRule);
}

function isRule(value: unknown): value is SeccompRule {
  if (typeof value !== 'object' || value === null) return false;
  if (!('action' in value) || typeof value.action !== 'string') return false;
  if ('names' in value && Array.isArray(value.names))
    return value.names.every((name) => typeof name === 'string');
  return 'name' in value && typeof value.name === 'string';
}

/** Keeps the rules whose conditions hold here. */
export function resolveSeccomp(profile: SeccompProfile, facts: SeccompFacts): OciSeccomp {
  const rules = (profile.syscalls ?? []).filter(
    ({ includes = {}, excludes = {} }) => allHold(includes, facts) && !anyHolds(excludes, facts),
  );
  return {
    defaultAction: profile.defaultAction,
    ...(typeof profile.defaultErrnoRet === 'number' ? { defaultErrnoRet: profile.defaultErrnoRet } : {}),
    architectures: profile.architectures ?? mappedArchitectures(profile, facts.architecture),
    ...(profile.flags ? { flags: profile.flags } : {}),
    syscalls: rules.map(({ names, name, action, errnoRet, args }) => ({
      names: names ?? [name as string],
      action,
      ...(typeof errnoRet === 'number' ? { errnoRet } : {}),
      ...(args && args.length > 0 ? { args } : {}),
    })),
  };
}

function mappedArchitectures(profile: SeccompProfile, architecture: string): string[] {
  const native = nativeArchitectures[architecture];
  if (native === undefined) return [];
  const entry = profile.archMap?.find((candidate) => candidate.architecture === native);
  return [native, ...(entry?.subArchitectures ?? [])];
}

function allHold({ caps = [], arches = [], minKernel }: SeccompCondition, facts: SeccompFacts): boolean {
  if (arches.length > 0 && !arches.includes(facts.architecture)) return false;
  if (!caps.every((name) => facts.capabilities.includes(name))) return false;
  return minKernel === undefined || isKernelAtLeast(minKernel, facts);
}

function anyHolds({ caps = [], arches = [], minKernel }: SeccompCondition, facts: SeccompFacts): boolean {
  if (arches.includes(facts.architecture)) return true;
  if (caps.some((name) => facts.capabilities.includes(name))) return true;
  return minKernel !== undefined && isKernelAtLeast(minKernel, facts);
}

function isKernelAtLeast(version: string, { kernel }: SeccompFacts): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
