import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { runOciRuntime } from '#runtime/conmon/command.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { findLiveMonitor, type ProcessDirectory, readSpec } from '#runtime/conmon/directories.ts';
import { buildResources } from '#runtime/spec/resources.ts';
import type { ResourceSettings } from '#runtime/spec.ts';
import { liftLimit } from '#sys/cgroup-limits.ts';

/** See `Runtime.update`. */
export async function updateResources(
  context: RuntimeContext,
  directory: ProcessDirectory,
  settings: ResourceSettings,
): Promise<void> {
  if (findLiveMonitor(directory) === undefined) {
    throw new DhowError('Conflict', `container ${directory.id} is not running`, { reason: 'not-running' });
  }
  const { devices: _, ...resources } = buildResources(settings, []);
  const file = directory.file('resources.json');
  fs.writeFileSync(file, JSON.stringify(resources), { mode: 0o600 });
  await runOciRuntime(context, directory.id, ['update', '--resources', file]);
  // What runtimes make of -1 differs: crun 1.8 writes numbers that the kernel refuses.
  const { cpuQuotaUs = 0, pidsLimit } = settings;
  const cgroup = readSpec(directory)?.linux.cgroupsPath;
  if (cgroup === undefined) return;
  if (cpuQuotaUs < 0) liftLimit(context.cgroups, cgroup, 'cpuQuota');
  if (pidsLimit !== undefined && pidsLimit <= 0) liftLimit(context.cgroups, cgroup, 'pids');
}
