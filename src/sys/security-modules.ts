import fs from 'node:fs';
import { hasCode } from '#sys/libc.ts';

/** Whether this kernel confines processes by AppArmor profiles (Documentation/admin-guide/LSM/apparmor.rst). */
export function hasAppArmor(): boolean {
  try {
    return fs.readFileSync('/sys/module/apparmor/parameters/enabled', 'latin1').startsWith('Y');
  } catch {
    return false;
  }
}

const loadedProfiles = '/sys/kernel/security/apparmor/profiles';

/** Names of the profiles that the kernel has; undefined where it does not show them, as in most containers. */
export function listAppArmorProfiles(): string[] | undefined {
  try {
    const lines = fs.readFileSync(loadedProfiles, 'utf8').split('\n');
    return lines.map(withoutMode).filter((name) => name !== '');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

/** By which profile this process is confined; `unconfined` by none. */
export function readAppArmorLabel(): string {
  // Kernels before 5.8 have it where all security modules share one file.
  const file = ['/proc/self/attr/apparmor/current', '/proc/self/attr/current'].find(fs.existsSync);
  return file === undefined ? 'unconfined' : withoutMode(fs.readFileSync(file, 'utf8').trimEnd());
}

/** The kernel writes `name (enforce)`. */
function withoutMode(text: string): string {
  return text.replace(/ \(\w+\)$/, '');
}

/** Whether this host labels files and processes by SELinux. */
export function hasSelinux(): boolean {
  return fs.existsSync('/sys/fs/selinux/enforce');
}
