import type { IdMapping } from '#sys/id-mapping.ts';

/**
 * Named and anonymous volumes of the local driver: directories under `<data root>/volumes/<name>/_data`, empty ones of their own
 * or mount points for what the options name.
 *
 *   create  → a row and a directory; nothing is mounted
 *   hold    → mounted for the first holder, counted for each
 *   release → unmounted with the last holder
 *   start-up → `adopt` for each container that outlived the last daemon, then `settle`
 */
export interface VolumeStore {
  /**
   * Returns the existing volume when the name is taken.
   * @throws InvalidParameter for a name or options that Docker refuses; Conflict when the existing volume has other options;
   *   Unsupported for a size limit on a file system that keeps none
   */
  create(request: VolumeRequest): Promise<VolumeRecord>;
  /** @throws NotFound */
  get(name: string): VolumeRecord;
  find(name: string): VolumeRecord | undefined;
  list(): VolumeRecord[];
  /** Bytes that a volume takes in the data root: nothing when its files lie elsewhere. @throws NotFound */
  sizeOf(name: string): Promise<number>;
  /**
   * @param users the containers that refer to it, asked for when it is sure that nobody removes it meanwhile
   * @throws NotFound; Conflict naming users and holders, or what somebody has mounted into it
   */
  remove(name: string, users: () => readonly string[]): Promise<void>;
  /**
   * Gives a volume another name; who holds it keeps it. `alongside` runs in the same transaction.
   * @throws NotFound; Conflict when the new name is taken; InvalidParameter
   */
  rename(name: string, newName: string, alongside: () => void): Promise<void>;
  /**
   * A new volume with the content of another, whose blocks the two share where the file system can.
   * @throws NotFound; Conflict when the name is taken; ResourceExhausted
   */
  clone(name: string, request: VolumeRequest): Promise<{ volume: VolumeRecord; sharesBlocks: boolean }>;
  /** The content as a tar. @throws NotFound; the reason of `signal` */
  pack(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Fills a volume that has no content with that of a tar, compressed or not; a failure leaves it empty.
   * @throws NotFound; Conflict when there is content; InvalidParameter for a malformed archive; the reason of `signal`
   */
  unpack(name: string, source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /**
   * Mounts the volume unless it is. The same holder counts once.
   * @returns the directory of its files
   * @throws NotFound; InvalidParameter when it cannot be mounted
   */
  hold(name: string, holder: string): Promise<string>;
  /** Unmounts it with the last holder. @returns whether this one held it */
  release(name: string, holder: string): Promise<boolean>;
  /** A holder from before this daemon. */
  adopt(name: string, holder: string): void;
  /** Unmounts what nobody holds, and finishes what the last daemon had begun. Once, after the adoptions. */
  settle(): Promise<void>;
  /** Whether its files lie somewhere else, and are mounted while somebody holds it. @throws NotFound */
  isMount(name: string): boolean;
  /**
   * Fills an empty volume, which is held, with what the image has at `target` (owners, modes, xattrs kept).
   * `rootDirectory` is the container's mounted root, with the ids of `mapping` if it has any; the volume gets those on disk.
   * No-op when the volume has content.
   */
  copyUp(name: string, rootDirectory: string, target: string, mapping: IdMapping | undefined): Promise<void>;
}

export interface VolumeRequest {
  /** undefined: a name is made up. */
  name?: string;
  labels?: Record<string, string>;
  /** Of the local driver: `type`, `device`, `o`, `size`. */
  options?: Record<string, string>;
  /** It goes with its container; the default is whether there is no name. */
  anonymous?: boolean;
}

export interface VolumeRecord {
  name: string;
  /** Directory on the host. */
  mountpoint: string;
  labels: Record<string, string>;
  options: Record<string, string>;
  anonymous: boolean;
  createdAt: Date;
}
