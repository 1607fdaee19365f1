import type { ArchiveWorkers } from '#archive/workers.ts';
import type { CommitOptions, CommitService } from '#engine/commit.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { findContainer } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import { pauseContainer, unpauseContainer } from '#engine/containers/stop.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { standardMountPoints } from '#engine/files/mount-points.ts';
import type { ImageService } from '#engine/images.ts';
import { DhowError, kindOf } from '#errors/error.ts';
import type { ImageConfig, ImageRunConfig } from '#image/config.ts';
import { parsePlatform } from '#image/platform.ts';
import { familiarName, parseReference, withDefaultTag } from '#image/reference.ts';
import type { ImageRecord } from '#store/images.ts';

export interface CommitParts {
  context: ContainerContext;
  workers: Pick<ArchiveWorkers, 'pack'>;
  addLayer: ImageService['addLayer'];
}

export function createCommitService({ context, workers, addLayer }: CommitParts): CommitService {
  async function commit(record: ContainerRecord, options: CommitOptions): Promise<ImageRecord> {
    const paths = pathsOf(context.containersDirectory, record.id);
    const writable = writableDirectory(paths, record.settings);
    const { upperDirectory } = context.layers.rootMount(record.layers, writable);
    const tar = workers.pack(
      upperDirectory,
      { whiteouts: 'overlay', path: '/', name: '', mountPoints: standardMountPoints },
      options.signal,
    );
    const { reference, author, comment, changes, signal } = options;
    const image = await addLayer(tar, {
      base: baseOf(context, record),
      runConfig: { ...runConfigOf(record), ...options.runConfig },
      changes,
      createdBy: [...record.effective.entrypoint, ...record.effective.command].join(' '),
      author,
      comment,
      ...(reference === undefined ? {} : { reference }),
      signal,
    });
    if (reference !== undefined) {
      const name = familiarName(withDefaultTag(parseReference(reference)));
      context.events.emit({ type: 'image', action: 'tag', id: image.id, attributes: { name } });
    }
    emitContainerEvent(context, record, 'commit', {
      comment,
      imageID: image.id,
      ...(reference === undefined ? {} : { imageRef: reference }),
    });
    return image;
  }

  return {
    async commit(nameOrId, options) {
      const record = findContainer(context.table, nameOrId);
      if (record.state.status === 'removing') {
        throw new DhowError('Conflict', `container ${nameOrId} is being removed`);
      }
      if (!options.pause || record.state.status !== 'running') return commit(record, options);
      await pauseContainer(context, record.id);
      try {
        return await commit(record, options);
      } finally {
        await unpauseUnlessGone(context, record.id);
      }
    },
  };
}

/** Somebody may have thawed, killed or removed it meanwhile. */
async function unpauseUnlessGone(context: ContainerContext, id: string): Promise<void> {
  try {
    await unpauseContainer(context, id);
  } catch (error) {
    if (kindOf(error) !== 'Conflict' && kindOf(error) !== 'NotFound') throw error;
  }
}

/** The image may have been removed by force; the layers are still there, as the container has them. */
function baseOf(context: ContainerContext, record: ContainerRecord): ImageConfig {
  const image = context.images.find(record.imageId);
  if (image) return image.config;
  const { os, architecture, variant } = parsePlatform(record.platform);
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    rootfs: { type: 'layers', diff_ids: [...record.layers] },
  };
}

function runConfigOf({ effective }: ContainerRecord): ImageRunConfig {
  const keySet = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));
  return {
    ...(effective.user === '' ? {} : { User: effective.user }),
    ...(effective.exposedPorts.length === 0 ? {} : { ExposedPorts: keySet(effective.exposedPorts) }),
    Env: effective.environment,
    ...(effective.entrypoint.length === 0 ? {} : { Entrypoint: effective.entrypoint }),
    Cmd: effective.command,
    ...(effective.volumePaths.length === 0 ? {} : { Volumes: keySet(effective.volumePaths) }),
    ...(effective.workingDirectory === '' ? {} : { WorkingDir: effective.workingDirectory }),
    Labels: effective.labels,
    ...(effective.stopSignal === 'SIGTERM' ? {} : { StopSignal: effective.stopSignal }),
    ...(effective.healthcheck === undefined ? {} : { Healthcheck: effective.healthcheck }),
    ...(effective.shell === undefined ? {} : { Shell: effective.shell }),
  };
}
