import fs from 'node:fs';
import os from 'node:os';
import { DhowError, messageOf } from '#errors/error.ts';
import { findProgram } from '#runtime/detect.ts';
import { parseCapabilityMask } from '#runtime/spec/capabilities.ts';
import { type HardLimits, parseHardLimits } from '#runtime/spec/limits.ts';
import { restrictSeccomp } from '#runtime/spec/restrict-seccomp.ts';
import { parseSeccompProfile, type SeccompProfile } from '#runtime/spec/seccomp.ts';
import type { HostAppArmor } from '#runtime/spec.ts';

/** What the spec builder must know of the daemon and its host; read once at the daemon's start. */
export interface SpecContext {
  /** What the daemon holds and can therefore give, as `CAP_…`. */
  capabilities: string[];
  /** In Go's words: `amd64`, `arm64`. */
  architecture: string;
  kernel: { major: number; minor: number };
  hardLimits: HardLimits;
  /** The daemon's own oom_score_adj. */
  oomScore: number;
  defaultSeccomp: SeccompProfile;
  /** Whether the host has POSIX message queues mounted. */
  hostMessageQueues: boolean;
  /** undefined: the kernel confines nothing by AppArmor. */
  appArmor?: HostAppArmor | undefined;
}

/** Of the Debian package golang-github-containers-common; podman and others install the same file. */
const defaultSeccompPath = '/usr/share/containers/seccomp.json';

/** @throws Unavailable when there is no default seccomp profile, naming the package that has it */
export function readSpecContext(seccompPath = defaultSeccompPath, appArmor?: HostAppArmor): SpecContext {
  const [major = 0, minor = 0] = os.release().split('.').map(Number.parseFloat);
  return {
    capabilities: readOwnCapabilities(),
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    kernel: { major, minor },
    hardLimits: parseHardLimits(fs.readFileSync('/proc/self/limits', 'utf8')),
    oomScore: Number(fs.readFileSync('/proc/self/oom_score_adj', 'utf8')),
    defaultSeccomp: readDefaultSeccomp(seccompPath),
    hostMessageQueues: fs.existsSync('/dev/mqueue'),
    appArmor,
  };
}

/** Both the effective and the bounding set limit what a child can have. */
export function readOwnCapabilities(): string[] {
  const status = fs.readFileSync('/proc/self/status', 'latin1');
  const [effective = '0', bounding = '0'] = ['CapEff', 'CapBnd'].map(
    (name) => new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0',
  );
  const held = new Set(parseCapabilityMask(bounding));
  return parseCapabilityMask(effective).filter((name) => held.has(name));
}

function readDefaultSeccomp(file: string): SeccompProfile {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new DhowError(
      'Unavailable',
      `cannot read the default seccomp profile ${file} (${messageOf(error)}): ` +
        'install the package golang-github-containers-common (Debian) or containers-common',
      { cause: error },
    );
  }
  const profile = parseSeccompProfile(text, file);
  // A file of the administrator's own is taken as it is.
  return file === defaultSeccompPath ? restrictSeccomp(profile) : profile;
}

/** The init binary for `--init`, or undefined. Static ones first: they run in every image. */
export function findInitBinary(): string | undefined {
  const candidates = [
    '/usr/bin/tini-static',
    '/usr/bin/docker-init',
    '/usr/libexec/podman/catatonit',
    '/usr/bin/catatonit',
    '/usr/bin/tini',
  ];
  return candidates.find((candidate) => findProgram(candidate) !== undefined);
}
