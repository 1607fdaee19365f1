import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { judge, startingHealth } from '#engine/containers/health/judge.ts';
import { type HealthProbe, probeOf } from '#engine/containers/health/probe.ts';
import type { ContainerParts } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { ContainerHealth, ProbeResult } from '#engine/containers.ts';
import { messageOf } from '#errors/error.ts';

/** As much of a probe's output as Docker keeps. */
const maxOutputBytes = 4096;
/** Docker's code for a probe that did not end by itself. */
const EXIT_CODE_NONE = -1;

/** Probes the running containers that have a health check, each at its own pace. */
export interface HealthMonitors {
  /** From the start of its process on; a container without a health check is ignored. */
  watch(record: ContainerRecord): void;
  /** Its process has ended: no more probes. What was found last stays to be looked at. */
  stop(id: string): void;
  /** The container is gone. */
  forget(id: string): void;
  healthOf(id: string): ContainerHealth | undefined;
  stopAll(): void;
}

type Parts = Pick<ContainerParts, 'runtime' | 'events' | 'log'>;

interface Watch {
  record: ContainerRecord;
  probe: HealthProbe;
  startedAt: number;
  timer: NodeJS.Timeout | undefined;
  /** Aborted when the watch ends. */
  ended: AbortController;
}

export function createHealthMonitors(parts: Parts): HealthMonitors {
  const watches = new Map<string, Watch>();
  const known = new Map<string, ContainerHealth>();

  function schedule(watch: Watch): void {
    const { probe, record, startedAt } = watch;
    const inStartPeriod = Date.now() - startedAt < probe.startPeriodMs;
    const unproven = (known.get(record.id) ?? startingHealth).status === 'starting';
    const delayMs =
      inStartPeriod && unproven ? Math.min(probe.startIntervalMs, probe.intervalMs) : probe.intervalMs;
    watch.timer = setTimeout(() => void round(watch), delayMs).unref();
  }

  async function round(watch: Watch): Promise<void> {
    const { record, probe, ended } = watch;
    // A frozen process answers nothing, which says nothing of its health.
    if (record.state.status === 'running') {
      const inStartPeriod = Date.now() - watch.startedAt < probe.startPeriodMs;
      const result = await runProbe(parts, record, probe, ended.signal);
      if (ended.signal.aborted) return;
      const before = known.get(record.id) ?? startingHealth;
      const after = judge(before, result, probe, inStartPeriod);
      known.set(record.id, after);
      if (after.status !== before.status) {
        emitContainerEvent(parts, record, `health_status: ${after.status}`);
      }
    }
    if (!ended.signal.aborted) schedule(watch);
  }

  function stop(id: string): void {
    const watch = watches.get(id);
    watches.delete(id);
    clearTimeout(watch?.timer);
    watch?.ended.abort();
  }

  return {
    watch(record) {
      stop(record.id);
      known.delete(record.id);
      const probe = probeOf(record.effective);
      if (probe === undefined) return;
      known.set(record.id, startingHealth);
      const watch: Watch = {
        record,
        probe,
        startedAt: 'startedAt' in record.state ? record.state.startedAt.getTime() : Date.now(),
        timer: undefined,
        ended: new AbortController(),
      };
      watches.set(record.id, watch);
      schedule(watch);
    },
    stop,
    forget(id) {
      stop(id);
      known.delete(id);
    },
    healthOf: (id) => known.get(id),
    stopAll() {
      for (const id of [...watches.keys()]) stop(id);
    },
  };
}

async function runProbe(
  { runtime, log }: Parts,
  record: ContainerRecord,
  probe: HealthProbe,
  ended: AbortSignal,
): Promise<ProbeResult> {
  const startedAt = new Date();
  const timeout = AbortSignal.timeout(probe.timeoutMs);
  const finish = (exitCode: number, output: string): ProbeResult => ({
    startedAt,
    finishedAt: new Date(),
    exitCode,
    output,
  });
  try {
    const { effective } = record;
    const { code, output } = await runtime.probe(
      {
        containerId: record.id,
        args: probe.command,
        env: effective.environment,
        ...(effective.workingDirectory === '' ? {} : { workingDirectory: effective.workingDirectory }),
        user: effective.user,
        additionalGroups: record.settings.host.additionalGroups,
        maxOutputBytes,
      },
      AbortSignal.any([timeout, ended]),
    );
    return finish(code, output.toString('utf8'));
  } catch (error) {
    if (timeout.aborted) {
      return finish(EXIT_CODE_NONE, `Health check exceeded timeout (${formatSeconds(probe.timeoutMs)})`);
    }
    if (!ended.aborted) log.debug('health probe failed', { container: record.id, error: messageOf(error) });
    return finish(EXIT_CODE_NONE, messageOf(error));
  }
}

/** As Go writes durations below a minute. */
function formatSeconds(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}
