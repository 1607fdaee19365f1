import type { BuildService } from '#engine/builds.ts';
import type { CommitService } from '#engine/commit.ts';
import type { ContainerService } from '#engine/containers.ts';
import type { DiskUsageService } from '#engine/disk-usage.ts';
import type { EventService } from '#engine/events.ts';
import type { ContainerFiles } from '#engine/files.ts';
import type { ImageService } from '#engine/images.ts';
import type { ContainerMonitor } from '#engine/monitor.ts';
import type { NetworkService } from '#engine/networks.ts';
import type { RegistryService } from '#engine/registries.ts';
import type { StoreCheckService } from '#engine/store-check.ts';
import type { SystemService } from '#engine/system.ts';
import type { VolumeService } from '#engine/volumes.ts';

/** The services that the doors serve. Nobody below the doors holds this. */
export interface Engine {
  containers: ContainerService;
  monitor: ContainerMonitor;
  files: ContainerFiles;
  builds: BuildService;
  commits: CommitService;
  images: ImageService;
  registries: RegistryService;
  storeCheck: StoreCheckService;
  networks: NetworkService;
  volumes: VolumeService;
  events: EventService;
  system: SystemService;
  diskUsage: DiskUsageService;
}
