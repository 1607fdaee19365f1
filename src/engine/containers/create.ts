import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ContainerSettings, MountSettings } from '#engine/container-settings.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import type { ContainerMount } from '#engine/containers/container-mount.ts';
import { makeVolumes } from '#engine/containers/container-volumes.ts';
import { fitLimits } from '#engine/containers/fit-limits.ts';
import { found } from '#engine/containers/found.ts';
import { identifyLinks } from '#engine/containers/links.ts';
import { mergeConfig } from '#engine/containers/merge-config.ts';
import { generateName, parseContainerName } from '#engine/containers/names.ts';
import { networkNameOf, networkOwner, refuseNetworks } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { removeRow } from '#engine/containers/remove-locked.ts';
import { resolveMounts } from '#engine/containers/resolve-mounts.ts';
import { parseSignal } from '#engine/containers/signals.ts';
import { limitStorage, readStorageLimit } from '#engine/containers/storage-limit.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { chownToRoot, idMappingFor, refuseWithUserNamespace } from '#engine/containers/user-namespace.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, matchesPlatform, type Platform, parsePlatform } from '#image/platform.ts';
import { readLogOptions, withLogDefaults } from '#log-drivers/options.ts';
import type { ImageRecord } from '#store/images.ts';
import { readCgroupFeatures } from '#sys/cgroup-features.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import { hasSelinux } from '#sys/security-modules.ts';

/** See `ContainerService.create`. Everything that can be refused is refused here, before anything is made. */
export async function createContainer(
  context: ContainerContext,
  request: { name?: string; settings: ContainerSettings; platform?: string },
): Promise<{ id: string; warnings: string[] }> {
  const { host } = request.settings;
  const { limits, warnings } = fitLimits(host.resources, () => readCgroupFeatures(context.cgroups));
  const { driver: logDriver, options: logOptions } = withLogDefaults(
    { driver: host.logDriver, options: host.logOptions },
    context.logDefaults,
  );
  readLogOptions(logDriver, logOptions);
  const settings = {
    ...request.settings,
    networks: nameNetworks(context, request.settings.networks),
    host: {
      ...host,
      resources: limits,
      links: identifyLinks(context, host.links),
      networkMode: identifyNetworkMode(context, host.networkMode),
      logDriver,
      logOptions,
    },
  };
  const platform = request.platform ? parsePlatform(request.platform) : undefined;
  const image = context.images.get(settings.image, platform);
  requirePlatform(image, settings.image, platform);
  const effective = mergeConfig(image.config.config ?? {}, settings);
  parseSignal(effective.stopSignal);
  if (settings.host.init && !context.findInitBinary()) {
    throw new DhowError(
      'Unsupported',
      '--init needs an init program on the host: install the package "tini"',
    );
  }
  if (settings.host.autoRemove && settings.host.restartPolicy.name !== 'no') {
    throw new DhowError('InvalidParameter', "can't create 'AutoRemove' container with restart policy");
  }
  refuseLabels(settings.host.security);
  refuseWithUserNamespace(context, settings.host);
  if (settings.host.runtime) context.runtime.requireKnown(settings.host.runtime);
  readStorageLimit(settings.host.storageOptions);
  warnings.push(...checkNetwork(context, settings));
  const mounts = resolveMounts(context, settings, effective);
  await prepareBindSources(settings.host.mounts, idMappingFor(context, settings.host));

  const id = randomBytes(32).toString('hex');
  const name = reserveName(context, request.name);
  const record: ContainerRecord = {
    id,
    name,
    createdAt: new Date(),
    imageId: image.id,
    layers: image.config.rootfs.diff_ids,
    platform: formatPlatform(image.config),
    settings,
    effective,
    mounts,
    state: { status: 'created', error: '', exitCode: 0 },
    restartCount: 0,
    stoppedByUser: false,
  };
  // Until its volumes are made nobody starts it, or renames them.
  using _lock = await context.locks.acquire(id);
  await using undo = new AsyncDisposableStack();
  context.table.insert(record, () => {
    // Removed while we waited; from here on the layers stay.
    context.images.get(image.id);
    context.layerUses.retain(id, [...record.layers, ...mounts.flatMap(layersOf)]);
  });
  undo.defer(quietly('remove container', () => removeRow(context, id)));
  await limitStorage(context, record, undo);
  await makeVolumes(context, record, undo);
  // Most are started at once.
  context.runtime.anticipate();
  await context.database.durable();
  undo.move();
  emitContainerEvent(context, record, 'create');
  return { id, warnings };
}

/** Without SELinux labels mean nothing, which Docker does not take for a fault. */
function refuseLabels({ selinuxLabels = [] }: ContainerSettings['host']['security']): void {
  const label = selinuxLabels.find((text) => text !== 'disable');
  if (label === undefined || !hasSelinux()) return;
  throw new DhowError(
    'Unsupported',
    `the SELinux label "${label.slice(0, 60)}" cannot be applied: only label=disable is supported`,
  );
}

/** Of an image that is mounted. */
function layersOf(mount: ContainerMount): readonly Digest[] {
  return mount.type === 'image' ? mount.layers : [];
}

function requirePlatform(image: ImageRecord, name: string, platform: Platform | undefined): void {
  if (platform !== undefined && !matchesPlatform(image.config, platform)) {
    throw new DhowError(
      'NotFound',
      `image with reference ${name} was found but its platform (${formatPlatform(image.config)}) does not match the specified platform (${formatPlatform(platform)})`,
      { reason: 'image-not-found' },
    );
  }
}

function reserveName(context: ContainerContext, wanted: string | undefined): string {
  const holder = (name: string) => context.table.findByName(name);
  if (!wanted) return generateName((name) => holder(name) !== undefined);
  const name = parseContainerName(wanted);
  refuseTakenName(context, name);
  return name;
}

/** @throws Conflict in Docker's words */
export function refuseTakenName(context: ContainerContext, name: string): void {
  const owner = context.table.findByName(name);
  if (!owner) return;
  throw new DhowError(
    'Conflict',
    `Conflict. The container name "/${name}" is already in use by container "${owner.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    { reason: 'name-in-use' },
  );
}

/** Settings name networks by their names: an id would not find one that was made anew. */
function nameNetworks(
  context: ContainerContext,
  networks: ContainerSettings['networks'],
): ContainerSettings['networks'] {
  return networks.map((each) => ({
    ...each,
    network: found(() => context.networks.get(each.network)).name,
  }));
}

/** The other container may get another name. @throws InvalidParameter */
function identifyNetworkMode(context: ContainerContext, mode: string): string {
  const owner = found(() => networkOwner(context, mode));
  return owner === undefined ? mode : `container:${owner.id}`;
}

function checkNetwork(context: ContainerContext, settings: ContainerSettings): string[] {
  const mode = settings.host.networkMode;
  const publishes = settings.host.ports.length > 0 || settings.host.publishAllPorts;
  if (mode.startsWith('container:')) {
    if (publishes) {
      throw new DhowError(
        'InvalidParameter',
        'conflicting options: port publishing and the container type network mode',
      );
    }
    return [];
  }
  refuseNetworks(context, settings.networks);
  if (networkNameOf(mode) === 'host' && publishes) {
    return ['Published ports are discarded when using host network mode'];
  }
  return [];
}

/** `-v` makes a missing source; `--mount` refuses it, in Docker's words. */
async function prepareBindSources(
  mounts: readonly MountSettings[],
  mapping: IdMapping | undefined,
): Promise<void> {
  for (const mount of mounts) {
    if (mount.type !== 'bind') continue;
    const exists = await fs.stat(mount.source).then(
      () => true,
      () => false,
    );
    if (exists) continue;
    if (!mount.createSource) {
      throw new DhowError(
        'InvalidParameter',
        `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
      );
    }
    const made = await fs.mkdir(mount.source, { recursive: true });
    if (made !== undefined && mapping !== undefined) giveDirectories(made, mount.source, mapping);
  }
}

/** What was made for a container belongs to its root. */
function giveDirectories(first: string, last: string, mapping: IdMapping): void {
  for (let at = path.resolve(last); at.length >= first.length; at = path.dirname(at))
    chownToRoot(at, mapping);
}
