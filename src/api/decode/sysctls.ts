import type { Fields } from '#api/decode/fields.ts';
import { DhowError } from '#errors/error.ts';

/** The kernel parameters of the IPC namespace (ipc_namespaces(7)); `net.` and `fs.mqueue.` are namespaced as a whole. */
const ipcParameters = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);
const utsParameters = new Set(['kernel.domainname', 'kernel.hostname']);

/** @throws InvalidParameter for a parameter that would change the host */
export function decodeSysctls(fields: Fields, networkMode: string): Record<string, string> {
  const sysctls = fields.textMap('Sysctls');
  const ipcMode = fields.text('IpcMode');
  for (const name of Object.keys(sysctls)) {
    if (!/^[a-z0-9_-]+([./][A-Za-z0-9_-]+)+$/.test(name)) {
      throw new DhowError('InvalidParameter', `invalid sysctl "${name.slice(0, 100)}"`);
    }
    if (name.startsWith('net.')) {
      if (networkMode === 'host') refuse(name, 'not allowed in host network namespace');
    } else if (ipcParameters.has(name) || name.startsWith('fs.mqueue.')) {
      if (ipcMode === 'host') refuse(name, 'not allowed in host IPC namespace');
    } else if (!utsParameters.has(name)) {
      refuse(name, 'is not in a separate kernel namespace');
    } else if (fields.text('UTSMode') === 'host') {
      refuse(name, 'not allowed in host UTS namespace');
    }
  }
  return sysctls;
}

function refuse(name: string, why: string): never {
  throw new DhowError('InvalidParameter', `sysctl "${name}" ${why}`);
}
