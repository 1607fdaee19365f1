import type { Fields } from '#api/decode/fields.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

type Security = HostSettings['security'];

/** capabilities(7), without the prefix. */
const capabilities = new Set(
  `ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH
  FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
  NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE
  SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`.split(/\s+/),
);

/** `Privileged`, capabilities, `SecurityOpt` and the masked paths. @throws InvalidParameter, Unsupported */
export function decodeSecurity(fields: Fields): Security {
  const options = fields.texts('SecurityOpt');
  const privileged = fields.flag('Privileged');
  const security: Security = {
    privileged,
    capabilitiesAdd: decodeCapabilities(fields, 'CapAdd'),
    capabilitiesDrop: decodeCapabilities(fields, 'CapDrop'),
    // A privileged container is not filtered, whatever the profile says.
    seccomp: privileged ? { kind: 'unconfined' } : { kind: 'default' },
    noNewPrivileges: false,
  };
  for (const option of options) applySecurityOption(security, option);
  const maskedPaths = fields.optionalTexts('MaskedPaths');
  const readonlyPaths = fields.optionalTexts('ReadonlyPaths');
  if (maskedPaths !== undefined) security.maskedPaths = maskedPaths;
  if (readonlyPaths !== undefined) security.readonlyPaths = readonlyPaths;
  return security;
}

/** `name=value`, or `name:value` as the first clients wrote it, or a bare name. */
function applySecurityOption(security: Security, option: string): void {
  const [, name = option, value] = /^([a-z-]+)[=:](.*)$/s.exec(option) ?? [];
  switch (name) {
    case 'no-new-privileges':
      if (value !== undefined && value !== 'true' && value !== 'false') throw invalid(option);
      security.noNewPrivileges = value !== 'false';
      return;
    case 'seccomp':
      security.seccomp = decodeSeccomp(value ?? '');
      return;
    case 'systempaths':
      if (value !== 'unconfined') throw invalid(option);
      security.maskedPaths = [];
      security.readonlyPaths = [];
      return;
    case 'apparmor':
      if (!value) throw invalid(option);
      security.apparmorProfile = value;
      return;
    case 'label':
      if (!value) throw invalid(option);
      security.selinuxLabels = [...(security.selinuxLabels ?? []), value];
      return;
    default:
      throw invalid(option);
  }
}

/** The client sends the profile's text, not its path. */
function decodeSeccomp(value: string): Security['seccomp'] {
  if (value === 'unconfined') return { kind: 'unconfined' };
  if (value === 'builtin' || value === 'default') return { kind: 'default' };
  try {
    const profile: unknown = JSON.parse(value);
    if (typeof profile === 'object' && profile !== null && 'defaultAction' in profile) {
      return { kind: 'profile', json: value };
    }
  } catch (cause) {
    throw new DhowError(
      'InvalidParameter',
      `Decoding seccomp profile failed: ${(cause as Error).message.slice(0, 200)}`,
      { cause },
    );
  }
  throw new DhowError('InvalidParameter', 'Decoding seccomp profile failed: it has no defaultAction');
}

function decodeCapabilities(fields: Fields, name: string): string[] {
  return fields.texts(name).map((text) => {
    if (capabilities.has(text.toUpperCase().replace(/^CAP_/, ''))) return text;
    throw new DhowError('InvalidParameter', `invalid ${name}: unknown capability: "${text.slice(0, 60)}"`);
  });
}

function invalid(option: string): DhowError {
  return new DhowError('InvalidParameter', `invalid --security-opt: ${JSON.stringify(option.slice(0, 100))}`);
}
