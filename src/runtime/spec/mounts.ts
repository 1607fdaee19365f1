import { DhowError } from '#errors/error.ts';
import type { OciMount } from '#runtime/oci.ts';
import type { ContainerMount, SpecInput } from '#runtime/spec.ts';

/** Docker's standard mounts, in the order in which they must be made. */
function standardMounts({ security, namespaces, shmSizeBytes }: SpecInput): OciMount[] {
  const readonly = security.privileged ? [] : ['ro'];
  const hostIpc = namespaces.ipc.mode === 'host';
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', ...readonly],
    },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...readonly, 'nosuid', 'noexec', 'nodev'],
    },
    hostIpc
      ? { destination: '/dev/mqueue', type: 'bind', source: '/dev/mqueue', options: ['rbind', 'rprivate'] }
      : {
          destination: '/dev/mqueue',
          type: 'mqueue',
          source: 'mqueue',
          options: ['nosuid', 'noexec', 'nodev'],
        },
    hostIpc
      ? { destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rprivate'] }
      : {
          destination: '/dev/shm',
          type: 'tmpfs',
          source: 'shm',
          options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmSizeBytes}`],
        },
  ];
}

/** The standard mounts without those in whose place the user mounts something else, then the user's in order. */
export function buildMounts(
  input: SpecInput,
  host: { mqueue: boolean; kernel: { major: number; minor: number } },
): OciMount[] {
  const taken = new Set(input.mounts.map(({ target }) => target));
  const standard = standardMounts(input).filter(
    ({ destination, source }) => !taken.has(destination) && (source !== '/dev/mqueue' || host.mqueue),
  );
  // mount_setattr(2) came with Linux 5.12.
  const deepReadonly = host.kernel.major > 5 || (host.kernel.major === 5 && host.kernel.minor >= 12);
  return [...standard, ...input.mounts.map((mount) => buildMount(mount, deepReadonly))];
}

function buildMount(mount: ContainerMount, deepReadonly: boolean): OciMount {
  if (mount.type === 'tmpfs') {
    return {
      destination: mount.target,
      type: 'tmpfs',
      source: 'tmpfs',
      options: tmpfsOptions(mount.options),
    };
  }
  if (mount.readonlyBelow === 'always' && !deepReadonly) {
    throw new DhowError(
      'Unsupported',
      `cannot make what is mounted below ${mount.source} read-only: this needs Linux 5.12`,
    );
  }
  // `rro` reaches the mounts below the source too, so that nothing under a read-only bind can be written (as Docker since 25).
  const deep = mount.recursive && mount.readonlyBelow !== 'never' && deepReadonly;
  const readonly = mount.readonly ? [deep ? 'rro' : 'ro'] : [];
  return {
    destination: mount.target,
    type: 'bind',
    source: mount.source,
    // crun takes the recursion of a propagation for that of the bind.
    options: mount.recursive
      ? ['rbind', ...readonly, mount.propagation]
      : ['bind', ...readonly, mount.propagation.replace(/^r/, '')],
  };
}

/** Docker's defaults for a tmpfs, each of which the user may turn. */
function tmpfsOptions(options: string[]): string[] {
  const defaults = ['nosuid', 'noexec', 'nodev'].filter(
    (name) => !options.includes(name) && !options.includes(name.slice('no'.length)),
  );
  return [...defaults, ...options];
}

/** What the root mount must be for the propagation that the user's mounts ask for. */
export function rootPropagation(mounts: ContainerMount[]): string {
  const wishes = new Set(mounts.map((mount) => (mount.type === 'bind' ? mount.propagation : 'private')));
  if (wishes.has('shared') || wishes.has('rshared')) return 'shared';
  if (wishes.has('slave') || wishes.has('rslave')) return 'rslave';
  return 'rprivate';
}

/**
 * The optional fields of the mount that a path lies on, such as `shared:12`, from the text of /proc/self/mountinfo (proc(5)).
 * Of mounts on one point the last is on top.
 */
export function findMountPropagation(
  mountInfo: string,
  path: string,
): { mountPoint: string; fields: string[] } {
  let best = { mountPoint: '', fields: [] as string[] };
  for (const line of mountInfo.split('\n')) {
    const fields = line.split(' ');
    const separator = fields.indexOf('-');
    const mountPoint = fields[4];
    if (separator < 0 || mountPoint === undefined) continue;
    const holds = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (holds && mountPoint.length >= best.mountPoint.length) {
      best = { mountPoint, fields: fields.slice(6, separator) };
    }
  }
  return best;
}
