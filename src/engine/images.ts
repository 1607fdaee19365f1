import type { Readable } from 'node:stream';
import type { HistoryEntry, ImageConfig, ImageRunConfig } from '#image/config.ts';
import type { Descriptor } from '#image/manifest.ts';
import type { Platform } from '#image/platform.ts';
import type { Credentials } from '#registry/registry.ts';
import type { ImageRecord } from '#store/images.ts';

/**
 * Images by every name a user may give: reference with tag or digest, short name, full id, unique id prefix. Of several images that a name
 * stands for, it is the one for a platform where that is asked for and there is one; else the one that the name points at.
 * @throws NotFound (reason `image-not-found`, Docker's words `No such image: …`); InvalidParameter for a malformed name
 */
export interface ImageService {
  get(name: string, platform?: Platform): ImageRecord;
  find(name: string, platform?: Platform): ImageRecord | undefined;
  /** @param options.beside whether to list those as well that only stand beside another one under its tag, for other platforms; true */
  list(options?: { beside: boolean }): ImageRecord[];
  /** The image with those that its names stand for, too. */
  variantsOf(image: ImageRecord): Promise<ImageVariant[]>;
  /** Ids of the containers of each image, for `images` and `rmi`. */
  usersOf(image: ImageRecord): string[];
  history(name: string, platform?: Platform): ImageHistoryRow[];
  tag(source: string, target: string): Promise<void>;
  /**
   * Docker's rules: a tag is untagged; the image itself goes with its last name; an id with several names or with
   * containers is refused unless `force`; what a running container uses stays in any case. Layers that nobody needs any more
   * are told by their chain ids. With `platforms`, only images for these go of those that the name stands for.
   * @throws NotFound for a platform that the name has no image for; Unsupported when the name would then point at nothing
   */
  remove(name: string, options: { force: boolean; platforms?: readonly Platform[] }): Promise<RemovedImage[]>;
  /** Those without a tag, or `all`; only where no container uses them and `isWanted` agrees. */
  prune(options: {
    all: boolean;
    isWanted: (image: ImageRecord) => boolean;
  }): Promise<{ removed: RemovedImage[]; freedBytes: number }>;

  /** Progress is told by values; the final one is `done`. */
  pull(
    reference: string,
    options: {
      platform?: Platform;
      credentials?: Credentials | undefined;
      /** An image of another platform that has the name keeps it, and this one joins it: the name stands for both then. */
      beside?: boolean;
      onProgress: (progress: PullProgress) => void;
      signal: AbortSignal;
    },
  ): Promise<ImageRecord>;
  /** All tags of a repository, one after the other. @throws InvalidParameter for a name with a tag */
  pullAll(
    repository: string,
    options: {
      platform?: Platform;
      credentials?: Credentials | undefined;
      onProgress: (progress: PullProgress) => void;
      signal: AbortSignal;
    },
  ): Promise<void>;
  /**
   * Pushes a tag, or all tags of a repository, to the registry that its name says; with `platform` that image alone of those that the tag
   * stands for. @throws NotFound before any progress when
   * there is no such tag; Unauthorized, Forbidden
   */
  push(
    name: string,
    options: {
      platform?: Platform;
      allTags: boolean;
      credentials?: Credentials | undefined;
      onProgress: (progress: PushProgress) => void;
      signal: AbortSignal;
    },
  ): Promise<void>;
  /** A tar made by `docker save` or an OCI layout, optionally compressed. @returns what was loaded, for messages */
  load(
    tar: Readable,
    options: { platform?: Platform; onProgress: (progress: PullProgress) => void; signal: AbortSignal },
  ): Promise<{ image: ImageRecord; names: string[] }[]>;
  /**
   * A tar that `load` of any Docker reads and that is an OCI layout, in pieces. A name without a tag means all tags of its
   * repository. @throws NotFound at once, also for an image of another platform
   */
  save(
    names: readonly string[],
    options: { platform?: Platform; signal: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** One layer from a (compressed) tar of a root file system; from a URL, the daemon downloads it. */
  import(
    source: Readable | URL,
    options: {
      reference?: string;
      message: string;
      changes: string[];
      platform?: Platform;
      signal: AbortSignal;
    },
  ): Promise<ImageRecord>;
  /**
   * An image with one layer more than another, from the layer's tar. A tar of nothing adds none.
   * @throws InvalidParameter for a malformed reference, change or archive; NotFound when the base's layers are gone
   */
  addLayer(tar: AsyncIterable<Uint8Array>, request: AddLayerRequest): Promise<ImageRecord>;
}

/** What an image is made from by `addLayer`. */
export interface AddLayerRequest {
  base: ImageConfig;
  /** The new image's defaults, before the changes. */
  runConfig: ImageRunConfig;
  /** Dockerfile instructions. */
  changes: string[];
  /** Shown by `history`. */
  createdBy: string;
  author: string;
  comment: string;
  /** `name[:tag]` */
  reference?: string;
  signal: AbortSignal;
}

export type RemovedImage = { untagged: string } | { deleted: string };

export interface ImageHistoryRow {
  /** `<missing>` rows of Docker are undefined here. */
  imageId: string | undefined;
  entry: HistoryEntry;
  sizeBytes: number;
  tags: string[];
}

/** Typed progress; the API room turns it into Docker's JSON lines, the CLI into bars. */
export type PullProgress =
  /** `tag` is the whole reference when that has a digest, as Docker shows it. */
  | { phase: 'resolving'; repository: string; tag: string }
  | { phase: 'exists' | 'queued' | 'waiting' | 'verifying' | 'downloaded' | 'complete'; layer: string }
  | { phase: 'downloading' | 'unpacking'; layer: string; current: number; total: number }
  | { phase: 'digest'; digest: string }
  | { phase: 'done'; reference: string; upToDate: boolean };

/** Typed progress of a push; layers are named by the first digits of their diff ids, as Docker does. */
export type PushProgress =
  | { phase: 'repository'; repository: string }
  | { phase: 'preparing' | 'exists' | 'compressing' | 'pushed'; layer: string }
  | { phase: 'mounted'; layer: string; from: string }
  | { phase: 'pushing'; layer: string; current: number; total: number }
  | { phase: 'tag'; tag: string; digest: string; sizeBytes: number };

export type { ImageRunConfig };

/** An image among those that a name stands for. */
export interface ImageVariant {
  image: ImageRecord;
  /** Of its manifest; of its configuration where there is no manifest yet. */
  descriptor: Descriptor;
  /** What is kept of it as it came, besides the unpacked layers: documents and compressed layers. */
  contentBytes: number;
}
