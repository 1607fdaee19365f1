import { epochSeconds } from '#api/encode/timestamps.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import { withoutContainerConfigMinor, withoutVirtualSizeMinor } from '#api/versions.ts';
import type { ImageHistoryRow, ImageVariant, RemovedImage } from '#engine/images.ts';
import type { ImageRunConfig } from '#image/config.ts';
import { familiarName, parseReference } from '#image/reference.ts';
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageInspectConfig,
  ImageManifestSummary,
  ImageSummary,
} from '#wire/images.ts';

/** A row of `docker images`. */
export function encodeImageSummary(image: ImageRecord, minor: number): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: image.tags.map(familiar),
    RepoDigests: image.repoDigests.map(familiar),
    Created: epochSeconds(image.config.created),
    Size: image.sizeBytes,
    SharedSize: -1,
    ...(minor < withoutVirtualSizeMinor ? { VirtualSize: image.sizeBytes } : {}),
    Labels: image.config.config?.Labels ?? null,
    Containers: -1,
  };
}

/** @param containers ids of those that use the image */
export function encodeImageVariant(
  { image, descriptor: { mediaType, digest, size }, contentBytes }: ImageVariant,
  containers: string[],
): ImageManifestSummary {
  const { os, architecture, variant } = image.config;
  return {
    // Not of the manifest, as with containerd: images have one id here, with which all calls find them.
    ID: image.id,
    Descriptor: { mediaType, digest, size },
    Available: true,
    Size: { Total: contentBytes + image.sizeBytes, Content: contentBytes },
    Kind: 'image',
    ImageData: {
      Platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
      Containers: containers,
      Size: { Unpacked: image.sizeBytes },
    },
  };
}

/** Answer of `GET /images/{name}/json`. */
export function encodeImageInspect(image: ImageRecord, storageDriver: string, minor: number): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.tags.map(familiar),
    RepoDigests: image.repoDigests.map(familiar),
    Parent: '',
    // Docker's engine has come to write it into the history alone.
    Comment: config.comment || config.history?.at(-1)?.comment || '',
    ...(config.created === undefined ? {} : { Created: config.created }),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: encodeRunConfig(config.config ?? {}),
    // docker-compose 1 reads there which volumes the image has.
    ...(minor < withoutContainerConfigMinor
      ? { Container: '', ContainerConfig: encodeRunConfig(config.config ?? {}) }
      : {}),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] === undefined ? {} : { OsVersion: config['os.version'] }),
    Size: image.sizeBytes,
    ...(minor < withoutVirtualSizeMinor ? { VirtualSize: image.sizeBytes } : {}),
    GraphDriver: { Name: storageDriver, Data: null },
    RootFS: { Type: config.rootfs.type, Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: (image.taggedAt ?? image.addedAt).toISOString() },
  };
}

function encodeRunConfig(config: ImageRunConfig): ImageInspectConfig {
  return {
    User: '',
    Env: null,
    Cmd: null,
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
    ...config,
  };
}

export function encodeHistory(rows: readonly ImageHistoryRow[]): ImageHistoryItem[] {
  return rows.map((row) => ({
    Id: row.imageId ?? '<missing>',
    Created: epochSeconds(row.entry.created),
    CreatedBy: row.entry.created_by ?? '',
    Tags: row.tags.length > 0 ? row.tags.map(familiar) : null,
    Size: row.sizeBytes,
    Comment: row.entry.comment ?? '',
  }));
}

export function encodeRemovedImages(removed: readonly RemovedImage[]): ImageDeleteItem[] {
  return removed.map((item) =>
    'untagged' in item ? { Untagged: familiar(item.untagged) } : { Deleted: item.deleted },
  );
}

/** The short form of a canonical reference, as users know it. */
export function familiar(reference: string): string {
  return familiarName(parseReference(reference));
}
