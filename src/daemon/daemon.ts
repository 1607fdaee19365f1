import os from 'node:os';
import path from 'node:path';
import { createApiServer } from '#api/server.ts';
import { createBuildkit } from '#buildkit/buildkit.ts';
import { assembleEngine } from '#daemon/assemble-engine.ts';
import { buildFacts } from '#daemon/build-facts.ts';
import type { DaemonConfig } from '#daemon/config.ts';
import { takeDataRoot, takeRunRoot } from '#daemon/data-root.ts';
import type { PassedSocket } from '#daemon/listen/passed-sockets.ts';
import { type Doors, listen, prepareListening } from '#daemon/listen.ts';
import { createEngineMetrics } from '#daemon/metrics/engine-metrics.ts';
import { processMetrics } from '#daemon/metrics/process-metrics.ts';
import { serveMetrics } from '#daemon/metrics/serve-metrics.ts';
import { openStore } from '#daemon/open-store.ts';
import { chooseRuntime } from '#daemon/runtimes.ts';
import { warnOfSurroundings } from '#daemon/surroundings.ts';
import type { Engine } from '#engine/engine.ts';
import { startUpkeep } from '#engine/upkeep.ts';
import { quietly } from '#errors/quietly.ts';
import { hostPlatform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';
import { openAppArmor } from '#runtime/apparmor.ts';
import { trimFreeMemory } from '#sys/memory.ts';

export interface Daemon {
  engine: Engine;
  /** Where it listens. */
  hosts: readonly string[];
  /**
   * Goes on with other settings, as far as they can change while it runs, and with the certificates that the files hold now.
   * @throws InvalidParameter, and nothing has changed
   */
  reload(config: DaemonConfig): void;
  /** Stops serving and gives everything back. Containers go on; the next daemon takes them over. */
  close(): Promise<void>;
}

/**
 * The composition root: takes what only one daemon can have, opens the store, puts the engine together, and opens the doors. A failure
 * gives back what was taken.
 * @param passed sockets on which a service manager listens for the daemon
 * @throws Conflict when the data root or a socket is in use; Unavailable when a program that Dhow needs is not installed
 */
export async function startDaemon(
  initial: DaemonConfig,
  passed: readonly PassedSocket[],
  log: Log,
): Promise<Daemon> {
  await using undo = new AsyncDisposableStack();
  let config = initial;
  const root = takeDataRoot(config.dataRoot);
  undo.defer(quietly('release data root', () => root.lock[Symbol.dispose]()));
  const runRootLock = takeRunRoot(config.runRoot);
  undo.defer(quietly('release run root', () => runRootLock[Symbol.dispose]()));
  // Before anything of the kernel is touched: a daemon that cannot listen must not have reconciled what is another's.
  const listening = { ...config, passed };
  await prepareListening(listening);
  const chosen = await chooseRuntime(config, log);
  undo.defer(quietly('release controllers', () => chosen.claim?.[Symbol.dispose]()));

  const store = openStore(root, config, log, undo);
  const metrics = createEngineMetrics();
  let doors: Doors | undefined;
  const appArmor = await openAppArmor();
  const surroundings = warnOfSurroundings();
  const unfit = () => [...surroundings, ...appArmor.warnings()];
  for (const warning of unfit()) log.warn('unfit surroundings', { warning });
  const warnings = () => [...chosen.warnings, ...unfit(), ...(doors?.warnings ?? [])];
  const parts = { config: () => config, root, store, chosen, appArmor, metrics, warnings, log };
  const engine = metrics.meterEngine(await assembleEngine(parts, undo));
  const buildkit = createBuildkit({
    ...{ builds: engine.builds, images: engine.images, hostPlatform: hostPlatform(process.arch), log },
    ...{ version: buildFacts.version, directory: path.join(config.runRoot, 'buildkit') },
  });
  const server = createApiServer(engine, {
    ...{ log, buildkit },
    debug: () => config.debug,
    onRequest: trimFreeMemory,
  });
  undo.defer(quietly('close api', () => server.close(config.shutdownTimeoutSeconds * 1000)));
  if (config.metricsEndpoint) {
    const all = [...metrics.list(engine), ...processMetrics()];
    const served = undo.use(await serveMetrics(all, config.metricsEndpoint));
    log.info('serving metrics', { url: served.url });
  }
  doors = await listen(listening, server.accept, log);
  const { hosts, close: stopListening, renewCertificates } = doors;
  undo.defer(quietly('stop listening', stopListening));
  undo.use(
    startUpkeep({
      ...{ database: store.database, collector: store.collector, log },
      builds: engine.builds,
      buildCacheRules: config.buildCacheRules,
      keepUnfinishedMs: config.keepUnfinishedMs,
      intervalMs: config.gcIntervalMs,
    }),
  );
  log.info('started', {
    version: buildFacts.version,
    pid: process.pid,
    dataRoot: config.dataRoot,
    runtime: chosen.ociRuntime.path,
  });
  const held = undo.move();
  return {
    engine,
    hosts,
    reload(next) {
      renewCertificates();
      config = next;
      const attributes = { name: os.hostname() };
      engine.events.emit({ type: 'daemon', action: 'reload', id: root.engineId, attributes });
    },
    close: () => held.disposeAsync(),
  };
}
