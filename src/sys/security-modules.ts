import fs from 'node:fs';

/** Whether this kernel confines processes by AppArmor profiles (Documentation/admin-guide/LSM/apparmor.rst). */
export function hasAppArmor(): boolean {
  try {
    return fs.readFileSync('/sys/module/apparmor/parameters/enabled', 'latin1').startsWith('Y');
  } catch {
    return false;
  }
}

/** Whether this host labels files and processes by SELinux. */
export function hasSelinux(): boolean {
  return fs.existsSync('/sys/fs/selinux/enforce');
}
