import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import { runOciRuntime } from '#runtime/conmon/command.ts';
import { createContainer, startContainer } from '#runtime/conmon/container.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { destroyContainer } from '#runtime/conmon/destroy.ts';
import { createRunDirectories, exitFile, findLiveMonitor } from '#runtime/conmon/directories.ts';
import { execInContainer } from '#runtime/conmon/exec.ts';
import { createExitBoard, resumeWatching } from '#runtime/conmon/exits.ts';
import { attachContainer, inspectProcess } from '#runtime/conmon/inspect.ts';
import { createMakers } from '#runtime/conmon/maker.ts';
import { createMonitorGroup } from '#runtime/conmon/monitor-group.ts';
import { probeContainer } from '#runtime/conmon/probe.ts';
import { createSeccompCache } from '#runtime/conmon/seccomp-cache.ts';
import { reopenLog, resizeTerminal, signalProcess } from '#runtime/conmon/signals.ts';
import { updateResources } from '#runtime/conmon/update.ts';
import type { OciRuntime } from '#runtime/detect.ts';
import { createLogRotation } from '#runtime/logs/rotate.ts';
import type { Runtime } from '#runtime/runtime.ts';
import { readCgroupHierarchies } from '#sys/cgroup.ts';
import { createCgroupMoves } from '#sys/cgroup-moves.ts';
import { createPoller, type Poller } from '#sys/epoll.ts';

export interface RuntimeParts {
  /** Owned by this runtime alone; see `takeRunDirectory`. Made if missing. */
  runDirectory: string;
  ociRuntime: OciRuntime;
  /** Programs by the names that containers ask for, besides `ociRuntime`. */
  otherRuntimes?: Readonly<Record<string, string>>;
  /** Absolute. */
  conmonPath: string;
  /** Control group of the monitors; no container has it. */
  monitorGroup: string;
  /** Called with the AppArmor profile that a process is to have before it is made. */
  ensureProfile?: (name: string) => Promise<void>;
  log: Log;
  /** Shared with others, and closed by the caller; without it the runtime has its own. */
  poller?: Poller;
}

/** A runtime that holds its processes with conmon and makes them with crun or runc. Needs root. */
export function createRuntime(parts: RuntimeParts): Runtime {
  const { runDirectory, ociRuntime, otherRuntimes = {}, conmonPath, monitorGroup, log, poller } = parts;
  const cgroups = readCgroupHierarchies();
  const directories = createRunDirectories(runDirectory, ociRuntime.name);
  const context: RuntimeContext = {
    makers: createMakers({ ociRuntime, otherRuntimes, directories, runDirectory, log }),
    conmonPath,
    log,
    directories,
    poller:
      poller ??
      createPoller({ onFailure: (error) => log.error('poller-restarted', { error: messageOf(error) }) }),
    cgroups,
    cgroupMoves: createCgroupMoves(cgroups),
    monitorGroup: createMonitorGroup(cgroups, monitorGroup, log),
    exits: createExitBoard(),
    nullDevice: fs.statSync('/dev/null'),
    seccompCache:
      ociRuntime.name === 'crun'
        ? createSeccompCache(path.join(runDirectory, 'seccomp'), `crun ${ociRuntime.version}`)
        : undefined,
    ensureProfile: parts.ensureProfile ?? (async () => {}),
    monitors: new Map(),
  };
  const rotation = createLogRotation();

  return {
    describe: () => ({ ...ociRuntime }),
    requireKnown(name) {
      context.makers.choose(name);
    },
    anticipate: () => context.cgroupMoves.anticipate(),
    create: (request, signal) => createContainer(context, request, signal),
    start: (id) => startContainer(context, id),
    kill: (id, signal) => signalProcess(context, directories.container(id), signal),
    pause: (id) => runOciRuntime(context, id, ['pause']),
    resume: (id) => runOciRuntime(context, id, ['resume']),
    update: (id, resources) => updateResources(context, directories.container(id), resources),
    async delete(id) {
      const directory = directories.container(id);
      context.exits.mute(id);
      await destroyContainer(context, directory);
      rotation.forget(id);
    },
    exec: (request, signal) => execInContainer(context, request, signal),
    probe: (request, signal) => probeContainer(context, request, signal),
    attach: async (id, options) =>
      attachContainer(context, directories.container(id), options?.observer ?? false),
    rotateLog(id, logPath, keep) {
      const directory = directories.container(id);
      if (findLiveMonitor(directory) === undefined) return;
      rotation.rotate(id, logPath, keep, () => reopenLog(directory));
    },
    async resize(id, size) {
      resizeTerminal(directories.find(id) ?? directories.container(id), size);
    },
    inspect: async (id) => inspectProcess(context, id),
    async watchExits(onExit) {
      context.exits.listen(onExit);
      resumeWatching(context);
    },
    watchOoms: (onOom) => context.exits.listenToOoms(onOom),
    acknowledgeExit(id) {
      const directory = directories.find(id);
      if (directory?.kind === 'exec') fs.rmSync(directory.path, { recursive: true, force: true });
      else if (directory) fs.rmSync(exitFile(directory), { force: true });
      context.exits.forget(id);
    },
    async close() {
      if (poller === undefined) await context.poller.close();
      context.makers[Symbol.dispose]();
      context.monitorGroup[Symbol.dispose]();
    },
  };
}
