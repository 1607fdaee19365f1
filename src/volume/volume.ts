/** Named and anonymous volumes of the local driver: directories under `<data root>/volumes/<name>/_data`. */
export interface VolumeStore {
  /** Returns the existing volume when the name is taken. @throws InvalidParameter for a name Docker refuses or unknown options */
  create(request: {
    name?: string;
    labels?: Record<string, string>;
    anonymous?: boolean;
  }): Promise<VolumeRecord>;
  /** @throws NotFound */
  get(name: string): VolumeRecord;
  find(name: string): VolumeRecord | undefined;
  list(): VolumeRecord[];
  /** Bytes of the files in a volume. @throws NotFound */
  sizeOf(name: string): Promise<number>;
  /** @throws NotFound; Conflict naming the containers when one still refers to it */
  remove(name: string, users: readonly string[]): Promise<void>;
  /**
   * Fills an empty volume with what the image has at `target` (owners, modes, xattrs kept).
   * `rootDirectory` is the container's mounted root. No-op when the volume has content.
   */
  copyUp(name: string, rootDirectory: string, target: string): Promise<void>;
}

export interface VolumeRecord {
  name: string;
  /** Directory on the host. */
  mountpoint: string;
  labels: Record<string, string>;
  anonymous: boolean;
  createdAt: Date;
}
