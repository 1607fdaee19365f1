import type { HealthConfig } from '#wire/container-config.ts';

/** A row of `GET /images/json`. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** Seconds since the epoch. */
  Created: number;
  Size: number;
  /** -1: not computed. */
  SharedSize: number;
  /** Before API 1.44: the same as Size. */
  VirtualSize?: number;
  Labels: Record<string, string> | null;
  /** -1: not computed. */
  Containers: number;
  /** From 1.47 on, with `manifests`. */
  Manifests?: ImageManifestSummary[];
}

/** An image among those that a name stands for. */
export interface ImageManifestSummary {
  /** By which it can be named. */
  ID: string;
  Descriptor: { mediaType: string; digest: string; size: number };
  Available: boolean;
  /** In bytes: all of it, and what is kept of it as it came. */
  Size: { Total: number; Content: number };
  Kind: 'image' | 'attestation' | 'unknown';
  ImageData?: {
    Platform: { os: string; architecture: string; variant?: string };
    /** Ids. */
    Containers: string[] | null;
    Size: { Unpacked: number };
  };
}

/** Answer of `GET /images/{name}/json`. */
export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  /** RFC 3339; absent when the image does not say. */
  Created?: string;
  DockerVersion: string;
  Author: string;
  Config: ImageInspectConfig;
  /** Before API 1.45: the container that the image was made from. */
  Container?: string;
  /** Before API 1.45: how that container ran. */
  ContainerConfig?: ImageInspectConfig;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  VirtualSize?: number;
  GraphDriver: GraphDriver;
  RootFS: { Type: string; Layers?: string[] };
  Metadata: { LastTagTime: string };
  /** Only when they are asked for. */
  Manifests?: ImageManifestSummary[];
}

export interface GraphDriver {
  Name: string;
  Data: Record<string, string> | null;
}

/** Execution defaults of an image. */
export interface ImageInspectConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>> | null;
  Env?: string[] | null;
  Cmd?: string[] | null;
  Healthcheck?: HealthConfig | null;
  ArgsEscaped?: boolean;
  Volumes?: Record<string, Record<string, never>> | null;
  WorkingDir?: string;
  Entrypoint?: string[] | null;
  OnBuild?: string[] | null;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  Shell?: string[] | null;
}

/** A row of `GET /images/{name}/history`, newest first. */
export interface ImageHistoryItem {
  /** `<missing>` for all but the top row. */
  Id: string;
  /** Seconds since the epoch. */
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

/** A row of `DELETE /images/{name}` and of prune: one of both fields is set. */
export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

export interface ImagePruneResponse {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
}
