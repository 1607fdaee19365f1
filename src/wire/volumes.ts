export interface Volume {
  Name: string;
  Driver: string;
  Mountpoint: string;
  /** RFC 3339. */
  CreatedAt?: string;
  Labels: Record<string, string> | null;
  Scope: 'local' | 'global';
  Options: Record<string, string> | null;
  UsageData?: { Size: number; RefCount: number } | null;
}

/** Answer of `GET /volumes`. */
export interface VolumeList {
  Volumes: Volume[];
  Warnings: string[] | null;
}

/** Body of `POST /volumes/create`. */
export interface VolumeCreateRequest {
  Name?: string;
  Driver?: string;
  DriverOpts?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
}

export interface VolumePruneResponse {
  VolumesDeleted: string[] | null;
  SpaceReclaimed: number;
}

/** Body of Dhow's `POST /volumes/{name}/clone`. */
export interface VolumeCloneRequest {
  Name?: string;
  DriverOpts?: Record<string, string>;
  /** Absent: those of the source. */
  Labels?: Record<string, string>;
}

/** Its answer. */
export interface VolumeCloneResponse extends Volume {
  /** Whether the file system keeps what is the same in both once. */
  SharesBlocks: boolean;
  Warnings: string[];
}
