/** Checks what the daemon keeps of images on disk, and mends it. */
export interface StoreCheckService {
  /**
   * Looks at every blob, layer and row. With `repair` what is damaged is made anew: from the layer itself, from the registry that
   * it came from, or, when neither works, by removing the images that are beyond help, so that they can be pulled or loaded again.
   * What a running container needs is left as it is and told.
   */
  run(options: {
    repair: boolean;
    onProgress: (progress: StoreCheckProgress) => void;
    signal: AbortSignal;
  }): Promise<StoreProblem[]>;
}

export interface StoreCheckProgress {
  /** What is being looked at. */
  subject: string;
  done: number;
  total: number;
}

export interface StoreProblem {
  kind: 'database' | 'blob' | 'layer' | 'image' | 'stray';
  /** The digest, path or id that it is about. */
  subject: string;
  /** What is wrong, for the user. */
  detail: string;
  outcome: 'found' | 'mended' | 'not-mended';
  /** What was done, or what the user can do. */
  remedy: string;
}
