import { defineCommand } from '#cli/command.ts';
import { filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { humanSize } from '#cli/output/size.ts';
import { pruneBuildCache } from '#client/builds.ts';
import { pruneContainers } from '#client/containers.ts';
import { encodeFilters } from '#client/filters.ts';
import { pruneImages } from '#client/images.ts';
import { pruneNetworks } from '#client/networks.ts';
import { pruneVolumes } from '#client/volumes.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    all: flag({ short: 'a', help: 'Remove all unused images not just dangling ones' }),
    filter: filterOption('Provide filter values (e.g. "label=<key>=<value>")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
    volumes: flag({ help: 'Prune anonymous volumes' }),
  },
  async run(context, { options }) {
    const { client, signal, stdout } = context;
    if (options.volumes && options.filter.some(([name]) => name === 'until')) {
      throw new DhowError('InvalidParameter', 'The "until" filter is not supported with "--volumes"');
    }
    if (!options.force && !(await confirm(context, warning(options)))) {
      throw new DhowError('Cancelled', 'system prune has been cancelled');
    }
    const filters = groupFilters(options.filter);
    let freedBytes = 0;
    function tell(title: string, lines: readonly string[], bytes: number): void {
      freedBytes += bytes;
      if (lines.length > 0) stdout.write(`${title}:\n${lines.map((line) => `${line}\n`).join('')}\n`);
    }

    const containers = await pruneContainers(client, filters, signal);
    tell('Deleted Containers', containers.ContainersDeleted ?? [], containers.SpaceReclaimed);
    const networks = await pruneNetworks(client, filters, signal);
    tell('Deleted Networks', networks.NetworksDeleted ?? [], 0);
    if (options.volumes) {
      const volumes = await pruneVolumes(client, filters, signal);
      tell('Deleted Volumes', volumes.VolumesDeleted ?? [], volumes.SpaceReclaimed);
    }
    const imageFilters = groupFilters([...options.filter, ['dangling', options.all ? 'false' : 'true']]);
    const images = await pruneImages(client, imageFilters, signal);
    const removed = (images.ImagesDeleted ?? []).map((item) =>
      item.Untagged ? `untagged: ${item.Untagged}` : `deleted: ${item.Deleted ?? ''}`,
    );
    tell('Deleted Images', removed, images.SpaceReclaimed);
    // Labels say nothing of a build's steps.
    const cacheFilters = groupFilters(options.filter.filter(([name]) => name === 'until'));
    const cache = await pruneBuildCache(
      client,
      { all: options.all || undefined, filters: encodeFilters(cacheFilters) },
      signal,
    );
    tell('Deleted build cache objects', cache.CachesDeleted ?? [], cache.SpaceReclaimed);
    stdout.write(`Total reclaimed space: ${humanSize(freedBytes)}\n`);
    return 0;
  },
});

function warning({ all, volumes }: { all: boolean; volumes: boolean }): string {
  const items = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
  ];
  return `WARNING! This will remove:\n${items.map((item) => `  - ${item}\n`).join('')}\nAre you sure you want to continue?`;
}
