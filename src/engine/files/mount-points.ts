/**
 * What a runtime makes in a container's root to mount on it: empty files and directories that no user put there. Docker keeps them
 * in a layer of their own.
 */
export const standardMountPoints: ReadonlySet<string> = new Set([
  '/dev',
  '/dev/console',
  '/dev/mqueue',
  '/dev/pts',
  '/dev/shm',
  '/proc',
  '/sys',
  '/sys/fs/cgroup',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/run/.containerenv',
]);
