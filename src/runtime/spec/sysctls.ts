import { DhowError } from '#errors/error.ts';
import type { NamespaceSettings } from '#runtime/spec.ts';
import type { IdMapping } from '#sys/id-mapping.ts';

const ipcNames = new Set([
  ...['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem'],
  ...['kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'],
]);

/**
 * The kernel's settings that belong to one of the container's namespaces, with Docker's defaults for its network (every port and
 * ICMP echo sockets without privileges).
 * @param mapping of its user namespace: the kernel takes no group that is not there
 * @throws InvalidParameter for a setting that would change the host
 */
export function buildSysctls(
  wishes: Record<string, string>,
  namespaces: NamespaceSettings,
  mapping?: IdMapping,
): Record<string, string> {
  const result: Record<string, string> = {};
  if (namespaces.network.mode !== 'host') {
    result['net.ipv4.ip_unprivileged_port_start'] = '0';
    const first = mapping?.gids.find(({ inside }) => inside === 0);
    result['net.ipv4.ping_group_range'] = `0 ${first === undefined ? 2147483647 : first.count - 1}`;
  }
  for (const [name, value] of Object.entries(wishes)) {
    const dotted = name.replaceAll('/', '.');
    const owner = ownerOf(dotted);
    if (owner === undefined) {
      throw new DhowError(
        'InvalidParameter',
        `sysctl ${name} is not allowed: it is not separate for each container`,
      );
    }
    if (namespaces[owner].mode === 'host') {
      throw new DhowError(
        'InvalidParameter',
        `sysctl ${name} is not allowed in the host's ${owner} namespace`,
      );
    }
    result[dotted] = value;
  }
  return result;
}

function ownerOf(name: string): 'network' | 'ipc' | 'uts' | undefined {
  if (name.startsWith('net.')) return 'network';
  if (ipcNames.has(name) || name.startsWith('fs.mqueue.')) return 'ipc';
  if (name === 'kernel.domainname' || name === 'kernel.hostname') return 'uts';
  return undefined;
}
