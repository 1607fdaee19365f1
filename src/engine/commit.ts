import type { ImageRunConfig } from '#image/config.ts';
import type { ImageRecord } from '#store/images.ts';

/** Makes images of containers. */
export interface CommitService {
  /**
   * The container's image with one more layer: what the container changed, without volumes. Its settings become the image's defaults.
   * @throws NotFound; InvalidParameter for a malformed reference or change; Conflict when the container is being removed
   */
  commit(nameOrId: string, options: CommitOptions): Promise<ImageRecord>;
}

export interface CommitOptions {
  /** `name[:tag]`; undefined leaves the image without a name. */
  reference?: string;
  author: string;
  comment: string;
  /** Dockerfile instructions; see `applyChanges`. */
  changes: string[];
  /** Defaults that win over the container's settings. */
  runConfig: ImageRunConfig;
  /** Whether a running container's processes stand still meanwhile. */
  pause: boolean;
  signal: AbortSignal;
}
