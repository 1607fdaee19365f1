import type { ContainerRecord } from '#engine/containers/table.ts';
import { type LogDriver, type LogPlan, readLogOptions } from '#log-drivers/options.ts';
import type { LogSubject } from '#log-drivers/subject.ts';

/** The driver of a container that was created: one that leaves it to the daemon gets the daemon's then. */
export function logDriverOf({ settings }: Pick<ContainerRecord, 'settings'>): LogDriver {
  return settings.host.logDriver || 'json-file';
}

export function logPlanOf(record: Pick<ContainerRecord, 'settings'>): LogPlan {
  return readLogOptions(logDriverOf(record), record.settings.host.logOptions);
}

export function logSubjectOf(record: ContainerRecord): LogSubject {
  return {
    id: record.id,
    name: record.name,
    imageId: record.imageId,
    imageName: record.settings.image,
    labels: record.effective.labels,
    environment: record.effective.environment,
  };
}
