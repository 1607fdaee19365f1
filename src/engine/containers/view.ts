import path from 'node:path';
import { listLinkNames, viewLinks } from '#engine/containers/links.ts';
import { isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf, writableDirectory } from '#engine/containers/paths.ts';
import { viewMounts } from '#engine/containers/prepare-mounts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { ContainerView } from '#engine/containers.ts';
import { kindOf } from '#errors/error.ts';

/**
 * What the doors are shown of a container.
 * @param linkNames of all containers, from who looks at many
 */
export function viewContainer(
  context: ContainerContext,
  record: ContainerRecord,
  linkNames = listLinkNames(context),
): ContainerView {
  const paths = pathsOf(context.containersDirectory, record.id);
  const writable = writableDirectory(paths, record.settings);
  const health = context.health.healthOf(record.id);
  return {
    id: record.id,
    name: record.name,
    createdAt: record.createdAt,
    imageId: record.imageId,
    settings: record.settings,
    effective: record.effective,
    state: record.state,
    restartCount: record.restartCount,
    ...(health === undefined ? {} : { health }),
    endpoints: isLive(record) ? context.networks.endpointsOf(record.id) : [],
    ports: isLive(record) ? context.networks.portsOf(record.id) : [],
    links: viewLinks(context, record),
    linkNames: linkNames.get(record.id) ?? [],
    mounts: viewMounts(context, record),
    platform: record.platform,
    paths: {
      log: paths.log,
      hostname: paths.hostname,
      hosts: paths.hosts,
      resolv: paths.resolv,
      // Asked for by few, and dear in a list of many containers.
      get lower() {
        return lowerDirectories(context, record);
      },
      upper: path.join(writable, 'upper'),
      work: path.join(writable, 'work'),
      merged: paths.root,
    },
    execIds: context.execs.liveOf(record.id),
  };
}

function lowerDirectories(context: ContainerContext, record: ContainerRecord): string[] {
  try {
    return context.layers.lowerDirectories(record.layers);
  } catch (error) {
    // A damaged store must not hide the container: it can still be looked at and removed.
    if (kindOf(error) === 'NotFound') return [];
    throw error;
  }
}
