import { setTimeout as sleep } from 'node:timers/promises';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer, requireRunning } from '#engine/containers/lookup.ts';
import type { ContainerRecord, ContainerTable } from '#engine/containers/table.ts';
import type { EventService } from '#engine/events.ts';
import { listProcesses } from '#engine/monitor/top.ts';
import { readUsage } from '#engine/monitor/usage.ts';
import type { ContainerMonitor, StatsSample, Usage } from '#engine/monitor.ts';
import { type CgroupHierarchies, listCgroupProcesses } from '#sys/cgroup.ts';

const samplePeriodMs = 1000;

export interface MonitorParts {
  table: ContainerTable;
  events: EventService;
  hierarchies: CgroupHierarchies;
  /** Of containers that name none. */
  cgroupParent: string;
}

export function createContainerMonitor(parts: MonitorParts): ContainerMonitor {
  const { table, hierarchies, cgroupParent } = parts;
  const cgroupOf = ({ id, settings }: ContainerRecord): string =>
    `${(settings.host.cgroupParent || cgroupParent).replace(/\/+$/, '')}/${id}`;

  function sample(record: ContainerRecord, previous: Usage | undefined): StatsSample {
    const { status } = record.state;
    const pid = status === 'running' || status === 'paused' ? record.state.pid : undefined;
    const ownNetwork = record.settings.host.networkMode !== 'host';
    return {
      id: record.id,
      name: record.name,
      cgroupVersion: hierarchies.version,
      usage:
        pid === undefined
          ? undefined
          : readUsage(hierarchies, cgroupOf(record), ownNetwork ? pid : undefined),
      previous,
    };
  }

  return {
    async top(nameOrId, psOptions) {
      const record = findContainer(table, nameOrId);
      requireRunning(record);
      const processes = await listProcesses(listCgroupProcesses(hierarchies, cgroupOf(record)), psOptions);
      emitContainerEvent(parts, record, 'top');
      return processes;
    },
    async *stats(nameOrId, { stream, oneShot }, signal) {
      const record = findContainer(table, nameOrId);
      let latest = sample(record, undefined);
      if (!stream && !oneShot && latest.usage !== undefined) {
        await sleep(samplePeriodMs, undefined, { signal });
        latest = sample(record, latest.usage);
      }
      yield latest;
      while (stream) {
        await sleep(samplePeriodMs, undefined, { signal });
        if (!table.get(record.id)) return;
        const next = sample(record, latest.usage);
        if (latest.usage !== undefined && next.usage === undefined) return;
        latest = next;
        yield latest;
      }
    },
  };
}
