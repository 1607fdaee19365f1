import { workerRecord } from '#buildkit/messages/control.ts';
import type { MessageOf } from '#grpc/message.ts';
import type { Platform } from '#image/platform.ts';

/** Who builds, as clients ask for it. */
export interface Worker {
  record: MessageOf<typeof workerRecord>;
  version: NonNullable<MessageOf<typeof workerRecord>['version']>;
}

/** @param dhowVersion told where BuildKit tells its own */
export function describeWorker(platform: Platform, dhowVersion: string): Worker {
  const version = { package: 'dhow', version: `v${dhowVersion}`, revision: '' };
  const { os, architecture, variant = '' } = platform;
  const record = workerRecord.create({
    id: 'dhow',
    // Tells buildx that there may be images of several platforms, that the builder pushes, and that it exports its cache.
    labels: new Map([['org.mobyproject.buildkit.worker.snapshotter', 'overlayfs']]),
    platforms: [{ os, architecture, variant }],
    version,
  });
  return { record, version };
}
