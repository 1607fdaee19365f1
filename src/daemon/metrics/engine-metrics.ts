import { createCounter, createHistogram, createReading, type Metric } from '#daemon/metrics/metric.ts';
import type { Engine } from '#engine/engine.ts';
import type { EventService } from '#engine/events.ts';
import { kindOf } from '#errors/error.ts';
import type { Runtime } from '#runtime/runtime.ts';

/**
 * What the engine does, by dockerd's names where it has the like. The services know nothing of it: they are wrapped where they are put
 * together.
 */
export interface EngineMetrics {
  /** Counts health probes. */
  meterRuntime(runtime: Runtime): Runtime;
  /** Counts events. */
  meterEvents<Service extends EventService>(events: Service): Service;
  /** Times what clients ask for. */
  meterEngine(engine: Engine): Engine;
  /** @param engine what is asked for the numbers that it keeps itself */
  list(engine: Engine): Metric[];
}

export function createEngineMetrics(): EngineMetrics {
  const actions = createHistogram(
    'engine_daemon_container_actions_seconds',
    'Seconds that actions on containers took.',
    'action',
    ['changes', 'commit', 'create', 'delete', 'start'],
  );
  const probes = createCounter('engine_daemon_health_checks_total', 'Health checks that were made.');
  const failedProbes = createCounter(
    'engine_daemon_health_checks_failed_total',
    'Health checks that failed.',
  );
  const events = createCounter('engine_daemon_events_total', 'Events that happened.');
  const builds = createCounter('builder_builds_triggered_total', 'Builds that were begun.');
  const failedBuilds = createCounter('builder_builds_failed_total', 'Builds that failed.', []);

  /** What fails is not timed, as its time says nothing. */
  async function timed<T>(action: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await work();
    actions.observe(action, (performance.now() - begin) / 1000);
    return result;
  }

  return {
    meterRuntime: (runtime) => ({
      ...runtime,
      async probe(request, signal) {
        probes.add();
        let succeeded = false;
        try {
          const result = await runtime.probe(request, signal);
          succeeded = result.code === 0;
          return result;
        } finally {
          if (!succeeded) failedProbes.add();
        }
      },
    }),

    meterEvents: (service) => ({
      ...service,
      emit(event) {
        events.add();
        service.emit(event);
      },
    }),

    meterEngine: (engine) => ({
      ...engine,
      containers: {
        ...engine.containers,
        create: (request) => timed('create', () => engine.containers.create(request)),
        start: (nameOrId) => timed('start', () => engine.containers.start(nameOrId)),
        remove: (nameOrId, options) => timed('delete', () => engine.containers.remove(nameOrId, options)),
      },
      commits: {
        commit: (nameOrId, options) => timed('commit', () => engine.commits.commit(nameOrId, options)),
      },
      files: {
        ...engine.files,
        changes: (nameOrId) => timed('changes', () => engine.files.changes(nameOrId)),
      },
      builds: {
        ...engine.builds,
        async build(settings) {
          builds.add();
          try {
            return await engine.builds.build(settings);
          } catch (error) {
            failedBuilds.add({ reason: kindOf(error) });
            throw error;
          }
        },
      },
    }),

    list: ({ system }) => [
      createReading('gauge', 'engine_daemon_engine_info', 'What engine this is.', () => {
        const { version, gitCommit, os, architecture, kernelVersion } = system.version();
        const { engineId, storageDriver, operatingSystem, osVersion } = system.info();
        const host = { os: operatingSystem, os_type: os, os_version: osVersion, kernel: kernelVersion };
        const own = { version, commit: gitCommit, architecture, graphdriver: storageDriver };
        return [{ labels: { ...own, ...host, daemon_id: engineId }, value: 1 }];
      }),
      createReading(
        'gauge',
        'engine_daemon_engine_cpus_cpus',
        'Processors of the host.',
        () => system.info().cpus,
      ),
      createReading(
        'gauge',
        'engine_daemon_engine_memory_bytes',
        'Memory of the host.',
        () => system.info().memoryBytes,
      ),
      createReading('gauge', 'engine_daemon_container_states_containers', 'Containers by state.', () =>
        Object.entries(system.info().containers).map(([state, value]) => ({ labels: { state }, value })),
      ),
      createReading(
        'gauge',
        'engine_daemon_events_subscribers_total',
        'Clients that watch events.',
        () => system.info().eventListeners,
      ),
      ...[actions, probes, failedProbes, events, builds, failedBuilds],
    ],
  };
}
