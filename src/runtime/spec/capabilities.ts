import { DhowError } from '#errors/error.ts';

/** capabilities(7); the position is the bit. */
export const capabilityNames = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...[
    'LINUX_IMMUTABLE',
    'NET_BIND_SERVICE',
    'NET_BROADCAST',
    'NET_ADMIN',
    'NET_RAW',
    'IPC_LOCK',
    'IPC_OWNER',
  ],
  ...[
    'SYS_MODULE',
    'SYS_RAWIO',
    'SYS_CHROOT',
    'SYS_PTRACE',
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_NICE',
  ],
  ...[
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'MKNOD',
    'LEASE',
    'AUDIT_WRITE',
    'AUDIT_CONTROL',
    'SETFCAP',
  ],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

/** What Docker gives a container that asks for nothing. */
const defaultCapabilities = [
  ...[
    'CHOWN',
    'DAC_OVERRIDE',
    'FSETID',
    'FOWNER',
    'MKNOD',
    'NET_RAW',
    'SETGID',
    'SETUID',
    'SETFCAP',
    'SETPCAP',
  ],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
].map((name) => `CAP_${name}`);

/** Names of the bits of a mask as /proc/<pid>/status prints it; bits that are not known here are left out. */
export function parseCapabilityMask(hexadecimal: string): string[] {
  const mask = BigInt(`0x${hexadecimal.trim()}`);
  return capabilityNames.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}

export interface CapabilityWishes {
  privileged: boolean;
  add: string[];
  drop: string[];
}

/**
 * The capabilities of a container by Docker's rules: privileged has all; `--cap-drop ALL` leaves what is added; `--cap-add ALL`
 * gives all but the dropped; else the defaults without the dropped and with the added.
 *
 * @param held what the daemon itself holds: nobody can give more
 * @throws InvalidParameter for a name that is unknown or that the daemon does not hold
 */
export function chooseCapabilities({ privileged, add, drop }: CapabilityWishes, held: string[]): string[] {
  if (privileged) return held;
  const added = add.map(normalizeCapability);
  const dropped = new Set(drop.map(normalizeCapability));
  const missing = added.find((name) => name !== 'ALL' && !dropped.has(name) && !held.includes(name));
  if (missing !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `cannot add ${missing}: the daemon itself does not hold this capability`,
    );
  }
  const start = added.includes('ALL') ? held : dropped.has('ALL') ? [] : defaultCapabilities;
  const kept = start.filter((name) => !dropped.has(name) && held.includes(name));
  const chosen = new Set([...kept, ...added.filter((name) => name !== 'ALL' && !dropped.has(name))]);
  return capabilityNames.filter((name) => chosen.has(name));
}

/** Docker's spellings: any case, with or without CAP_, or ALL. */
function normalizeCapability(text: string): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!capabilityNames.includes(name))
    throw new DhowError('InvalidParameter', `invalid capability: ${JSON.stringify(text)}`);
  return name;
}
