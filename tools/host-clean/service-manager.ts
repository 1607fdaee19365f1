/** systemd starts and ends sessions, timers and services while tests run. None of that is an engine's, and a leak is not in it. */

/** Whether a mount or cgroup with this path is made and removed by systemd on its own account. */
export function isServiceManagers(directory: string): boolean {
  if (/dhow/.test(directory)) return false;
  return (
    /^\/sys\/fs\/cgroup(\/[^/]+)?\/(system\.slice|user\.slice|init\.scope)(\/|$)/.test(directory) ||
    /^(\/run\/(user|credentials)\/|\/proc\/sys\/fs\/binfmt_misc$)/.test(directory)
  );
}

/**
 * The unit of systemd that a process belongs to, such as `/system.slice/cron.service`; undefined for one that is in none, as
 * containers are.
 * @param text of `/proc/<pid>/cgroup`
 */
export function unitOf(text: string): string | undefined {
  return /^\d+:(?:name=systemd)?:(\/(?:system|user)\.slice\/.+)$/m.exec(text)?.[1];
}
