import type { SeccompProfile } from '#runtime/spec/seccomp.ts';

/** Flags of clone(2) and unshare(2) that make namespaces: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = 0x7e020000;
const EPERM = 1;
const ENOSYS = 38;

/** What Docker lets a container do only with a capability, and containers-common without. */
const needing: Readonly<Record<string, readonly string[]>> = {
  CAP_SYS_ADMIN: [
    'fsconfig',
    'fsmount',
    'fsopen',
    'fspick',
    'mount',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'setns',
    'umount',
    'umount2',
    'unshare',
  ],
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYSLOG: ['syslog'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy'],
};

/** What Docker never lets a container do. The kernel's keyrings know no namespaces. */
const never = ['add_key', 'keyctl', 'pivot_root', 'request_key'];

/**
 * Takes from the profile of containers-common what it allows beyond Docker's. It is made for engines whose containers may nest: with it,
 * every container can make a user namespace, and in there reach what the kernel offers to root.
 */
export function restrictSeccomp(profile: SeccompProfile): SeccompProfile {
  const conditional = new Set([...Object.values(needing).flat(), ...never, 'clone', 'clone3']);
  const kept = (profile.syscalls ?? []).flatMap((rule) => {
    const names = (rule.names ?? [rule.name ?? '']).filter((name) => !conditional.has(name));
    return names.length === 0 ? [] : [{ ...rule, names }];
  });
  const byCapability = Object.entries(needing).flatMap(([capability, names]) => [
    { names: [...names], action: 'SCMP_ACT_ALLOW', includes: { caps: [capability] } },
    { names: [...names], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM, excludes: { caps: [capability] } },
  ]);
  const administrator = { caps: ['CAP_SYS_ADMIN'] };
  return {
    ...profile,
    syscalls: [
      ...kept,
      ...byCapability,
      { names: never, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      { names: ['clone', 'clone3'], action: 'SCMP_ACT_ALLOW', includes: administrator },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        excludes: administrator,
      },
      // Its flags lie in memory, where a filter cannot look: the C library falls back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, excludes: administrator },
    ],
  };
}
