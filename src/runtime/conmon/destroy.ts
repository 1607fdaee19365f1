import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { findLiveMonitor, type ProcessDirectory, readSpec } from '#runtime/conmon/directories.ts';
import { monitorExit } from '#runtime/conmon/exits.ts';
import { killCgroup, removeCgroup } from '#sys/cgroup.ts';

/** A killed process leaves its control group when the kernel has freed its memory; a monitor needs a moment to flush its log. */
const patienceMs = 10_000;
const pollMs = 2;

/**
 * Kills what runs and removes the monitor, the control group, the runtime's state and the bundle. Works on whatever is left of a
 * container, also of one whose creation was broken off.
 *
 * It does what `crun delete --force` and `runc delete --force` do, without starting a process: every path is one that this driver chose.
 */
export async function destroyContainer(context: RuntimeContext, directory: ProcessDirectory): Promise<void> {
  // It is made before everything else and removed after it. To look for a monitor would mean to read all of /proc.
  if (!fs.existsSync(directory.path)) return;
  const cgroup = readSpec(directory)?.linux.cgroupsPath;
  const deadline = Date.now() + patienceMs;
  if (cgroup !== undefined) await emptyCgroup(context, cgroup, deadline);
  await endMonitor(context, directory, deadline);
  // The monitor's runtime may have put a process there before it died with its monitor.
  if (cgroup !== undefined) await emptyCgroup(context, cgroup, deadline);
  const maker = context.directories.makerOf(directory.id);
  if (maker !== undefined) {
    fs.rmSync(path.join(context.directories.stateOf(maker), directory.id), { recursive: true, force: true });
  }
  fs.rmSync(directory.path, { recursive: true, force: true });
  context.exits.forget(directory.id);
}

async function emptyCgroup(context: RuntimeContext, cgroup: string, deadline: number): Promise<void> {
  for (;;) {
    if (removeCgroup(context.cgroups, cgroup)) return;
    killCgroup(context.cgroups, cgroup);
    if (Date.now() > deadline) {
      throw new DhowError(
        'Unavailable',
        `processes in control group ${cgroup} do not end although they were killed`,
      );
    }
    await delay(pollMs);
  }
}

/** Waits until the monitor has exited by itself, as it does after its process; at the deadline it is killed. */
async function endMonitor(
  context: RuntimeContext,
  directory: ProcessDirectory,
  deadline: number,
): Promise<void> {
  const pid = findLiveMonitor(directory);
  const timer = setTimeout(
    () => {
      if (findLiveMonitor(directory) === pid && pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    Math.max(0, deadline - Date.now()),
  );
  try {
    await (context.monitors.get(directory.id) ?? monitorExit(context, directory));
  } finally {
    clearTimeout(timer);
  }
}
