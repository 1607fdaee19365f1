export interface ProfileFacts {
  name: string;
  /** The confinement of the daemon itself: `unconfined`, or the profile of an administrator. */
  daemonLabel: string;
  /** Whether the host's compiler knows the rules of AppArmor 3.0: it then does not apply those of its own version, of which nothing is said here. */
  pinned: boolean;
}

/**
 * The profile of containers that name none, in the language of apparmor.d(5). Namespaces, capabilities, device rules and seccomp say what a
 * container may do. This says what even its root may not when one of them is opened, by CAP_SYS_ADMIN, by system paths that are not masked, or
 * by a directory of the host.
 *
 * A denial wins over every permission, so that what is excepted from one is spelled out: `[^k]` is whatever does not begin with a k.
 */
export function renderProfile({ name, daemonLabel, pinned }: ProfileFacts): string {
  const outside = `"{unconfined,crun,runc,${escapeLabel(daemonLabel)}}"`;
  return `${pinned ? 'abi <abi/3.0>,\n' : ''}
# Descriptors from outside, such as standard output, have no path inside; and files that were deleted are used on.
profile ${name} flags=(attach_disconnected, mediate_deleted) {
  capability,
  file,
  network,

  # What is mounted may be taken away. Nothing is said of mount and pivot_root, nor of other profiles: they are denied, and the log tells.
  umount,

  # Whoever stops the container and looks at it: tools of the host, the daemon, the OCI runtimes where the distribution has profiles for them.
  signal receive peer=${outside},
  ptrace readby peer=${outside},
  signal (send, receive) peer=${name},
  ptrace peer=${name},

  # In /proc it writes to what belongs to processes, and of the kernel's settings to those of its IPC namespace (msg*, sem*, shm*).
  deny /proc/{[^0-9s],s[^y],sy[^s],sys?}** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{[^ms],m[^s],ms[^g],s[^eh],se[^m],sh[^m]}** w,

  # In /sys to control groups, where it is given some.
  deny /sys/{[^f],f[^s],fs/[^c],fs/c[^g]}** w,

  # The memory and the firmware of the host, its use of power, by which secrets can be guessed, and the policy itself.
  deny /proc/{kcore,kmem,mem} r,
  deny /sys/{firmware,devices/virtual/powercap,kernel/security}/{,**} r,
}
`;
}

/** A label within an alternation in quotes, letter by letter. */
function escapeLabel(label: string): string {
  return label.replace(/["\\*?[\]{}^,]/g, '\\$&');
}
