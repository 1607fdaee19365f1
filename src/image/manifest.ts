import { DhowError } from '#errors/error.ts';
import type { Digest } from '#image/digest.ts';
import { type FieldReader, parseDocument } from '#image/document/fields.ts';
import { present } from '#image/document/present.ts';
import type { Platform } from '#image/platform.ts';

/** OCI image-spec descriptor.md. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes; a safe integer, not negative. */
  size: number;
  platform?: Platform;
  /** Of an entry in a list of referrers. */
  artifactType?: string;
  annotations?: Record<string, string>;
}

/** An OCI image manifest or a Docker schema 2 manifest; both have this shape. */
export interface ImageManifest {
  schemaVersion: 2;
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** An OCI image index or a Docker manifest list. */
export interface ImageIndex {
  schemaVersion: 2;
  mediaType: string;
  manifests: Descriptor[];
  annotations?: Record<string, string>;
}

export type ManifestOrIndex =
  | { kind: 'manifest'; manifest: ImageManifest }
  | { kind: 'index'; index: ImageIndex };

export const manifestMediaTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

export const indexMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;

export const maxManifestBytes = 4 * 1024 * 1024;
export const maxLayers = 4096;
const maxIndexEntries = 4096;
const maxAnnotations = 4096;
const maxFeatures = 256;

const schema1MediaTypes = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
];

/**
 * Reads a manifest or an index and checks every field that is used. What the document is follows from its `mediaType`
 * and, where that is absent (OCI allows it), from the Content-Type and from its fields. A document that could be read as
 * both is refused, so that nobody can show one image to us and another to a scanner (OCI image-spec, CVE-2021-41190).
 *
 * @param contentType of the HTTP response; undefined when the bytes come from a file
 * @throws InvalidParameter for a malformed document; Unsupported for schema 1 and for media types that are no image
 */
export function parseManifestOrIndex(bytes: Uint8Array, contentType: string | undefined): ManifestOrIndex {
  const document = parseDocument(bytes, 'manifest', maxManifestBytes);
  const header = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const declared = document.optionalString('mediaType');
  const schemaVersion = document.count('schemaVersion');
  if (schemaVersion === 1 || schema1MediaTypes.includes(declared ?? header ?? '')) {
    throw new DhowError(
      'Unsupported',
      'Docker image manifest version 2, schema 1 is not supported: push the image again with a current tool',
    );
  }
  if (schemaVersion !== 2) document.fail('schemaVersion', `is ${schemaVersion} and not 2`);
  if (document.has('manifests') && (document.has('layers') || document.has('config'))) {
    document.fail('manifests', 'stands beside the fields of an image manifest; the document is ambiguous');
  }
  if (declared !== undefined && header !== undefined && isImageMediaType(header) && declared !== header) {
    document.fail('mediaType', `is ${shown(declared)}, but the registry sent it as ${shown(header)}`);
  }
  const mediaType = declared ?? (header !== undefined && isImageMediaType(header) ? header : guess(document));
  if (isOneOf(manifestMediaTypes, mediaType)) {
    return { kind: 'manifest', manifest: readManifest(document, mediaType) };
  }
  if (isOneOf(indexMediaTypes, mediaType)) return { kind: 'index', index: readIndex(document, mediaType) };
  throw new DhowError(
    'Unsupported',
    `media type ${shown(mediaType)} is neither an image manifest nor an image index`,
  );
}

/** How a layer is compressed, and whether it is *foreign*: kept by its vendor and not by the registry. */
export interface LayerFormat {
  compression: 'none' | 'gzip' | 'zstd';
  foreign: boolean;
}

const layerFormats: Readonly<Record<string, LayerFormat>> = {
  'application/vnd.oci.image.layer.v1.tar': { compression: 'none', foreign: false },
  'application/vnd.oci.image.layer.v1.tar+gzip': { compression: 'gzip', foreign: false },
  'application/vnd.oci.image.layer.v1.tar+zstd': { compression: 'zstd', foreign: false },
  'application/vnd.oci.image.layer.nondistributable.v1.tar': { compression: 'none', foreign: true },
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip': { compression: 'gzip', foreign: true },
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd': { compression: 'zstd', foreign: true },
  'application/vnd.docker.image.rootfs.diff.tar': { compression: 'none', foreign: false },
  'application/vnd.docker.image.rootfs.diff.tar.gzip': { compression: 'gzip', foreign: false },
  'application/vnd.docker.image.rootfs.diff.tar.zstd': { compression: 'zstd', foreign: false },
  'application/vnd.docker.image.rootfs.foreign.diff.tar': { compression: 'none', foreign: true },
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip': { compression: 'gzip', foreign: true },
};

/** Undefined for a media type that is no file system layer. */
export function layerFormat(mediaType: string): LayerFormat | undefined {
  return Object.hasOwn(layerFormats, mediaType) ? layerFormats[mediaType] : undefined;
}

const imageConfigMediaTypes = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
  // Written by old tools that did not care; a newer artifact type cannot hide behind these.
  'application/octet-stream',
  'application/json',
];

/**
 * Refuses manifests that carry something else than a container image: Helm charts, signatures, encrypted layers.
 *
 * @throws Unsupported naming the media type
 */
export function requireContainerImage(manifest: ImageManifest): void {
  if (!imageConfigMediaTypes.includes(manifest.config.mediaType)) {
    throw new DhowError(
      'Unsupported',
      `this is not a container image: its configuration has the media type ${shown(manifest.config.mediaType)}`,
    );
  }
  const strange = manifest.layers.find(({ mediaType }) => layerFormat(mediaType) === undefined);
  if (strange) {
    throw new DhowError(
      'Unsupported',
      `layer ${strange.digest} has the unsupported media type ${shown(strange.mediaType)}`,
    );
  }
}

function readManifest(document: FieldReader, mediaType: string): ImageManifest {
  if (!document.has('layers')) document.fail('layers', 'is missing');
  return {
    schemaVersion: 2,
    mediaType,
    config: readDescriptor(document.object('config')),
    layers: document.objects('layers', maxLayers).map(readDescriptor),
    ...present({ annotations: document.optionalStringMap('annotations', maxAnnotations) }),
  };
}

function readIndex(document: FieldReader, mediaType: string): ImageIndex {
  if (!document.has('manifests')) document.fail('manifests', 'is missing');
  return {
    schemaVersion: 2,
    mediaType,
    manifests: document.objects('manifests', maxIndexEntries).map(readDescriptor),
    ...present({ annotations: document.optionalStringMap('annotations', maxAnnotations) }),
  };
}

function readDescriptor(fields: FieldReader): Descriptor {
  const platform = fields.optionalObject('platform');
  return {
    mediaType: fields.string('mediaType'),
    digest: fields.digest('digest'),
    size: fields.count('size'),
    ...present({
      platform: platform && readPlatform(platform),
      artifactType: fields.optionalString('artifactType'),
      annotations: fields.optionalStringMap('annotations', maxAnnotations),
    }),
  };
}

function readPlatform(fields: FieldReader): Platform {
  return {
    os: fields.string('os'),
    architecture: fields.string('architecture'),
    ...present({
      variant: fields.optionalString('variant'),
      'os.version': fields.optionalString('os.version'),
      'os.features': fields.optionalStrings('os.features', maxFeatures),
    }),
  };
}

function guess(document: FieldReader): string {
  if (document.has('manifests')) return indexMediaTypes[0];
  if (document.has('layers') && document.has('config')) return manifestMediaTypes[0];
  return document.fail(
    'mediaType',
    'is missing, and the fields are those of neither a manifest nor an index',
  );
}

function isImageMediaType(text: string): boolean {
  return isOneOf(manifestMediaTypes, text) || isOneOf(indexMediaTypes, text);
}

function isOneOf(types: readonly string[], text: string): boolean {
  return types.includes(text);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
