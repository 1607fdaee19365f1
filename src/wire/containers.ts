import type { ContainerConfig } from '#wire/container-config.ts';
import type { HostConfig, PortMap, Resources, RestartPolicy } from '#wire/host-config.ts';
import type { EndpointSettings, NetworkingConfig } from '#wire/networks.ts';

/** Body of `POST /containers/create`; the name and platform are query parameters. */
export interface ContainerCreateRequest extends ContainerConfig {
  HostConfig?: HostConfig | null;
  NetworkingConfig?: NetworkingConfig | null;
}

export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[];
}

/** A row of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  /** With a leading slash. */
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  /** Seconds since the epoch. */
  Created: number;
  Ports: PortSummary[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string>;
  State: string;
  /** For people, such as `Up 3 seconds (Paused)`. */
  Status: string;
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
  /** From 1.52 on. */
  Health?: { Status: string; FailingStreak: number };
}

export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

/** A mount as a container has it. */
export interface MountPoint {
  Type: string;
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** Answer of `POST /containers/{id}/wait`, sent when the condition is met. */
export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: { Message: string } | null;
}

/** Body of `POST /containers/{id}/update`. */
export interface ContainerUpdateRequest extends Resources {
  RestartPolicy?: RestartPolicy;
  /** Dhow's own: ports to publish and to unpublish. */
  PublishAdd?: PortMap;
  PublishRemove?: PortMap;
}

export interface ContainerUpdateResponse {
  Warnings: string[] | null;
  /** Only when ports were changed: all that are published now. */
  Ports?: PortMap;
}

export interface ContainerPruneResponse {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}
