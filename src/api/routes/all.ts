import type { Route } from '#api/http/router.ts';
import { buildkitRoutes } from '#api/routes/buildkit.ts';
import { buildRoutes } from '#api/routes/builds.ts';
import { commitRoutes } from '#api/routes/commit.ts';
import { containerStreamRoutes } from '#api/routes/container-streams.ts';
import { containerRoutes } from '#api/routes/containers.ts';
import { diskUsageRoutes } from '#api/routes/disk-usage.ts';
import { execRoutes } from '#api/routes/exec.ts';
import { fileRoutes } from '#api/routes/files.ts';
import { imageTransferRoutes } from '#api/routes/image-transfer.ts';
import { imageRoutes } from '#api/routes/images.ts';
import { monitorRoutes } from '#api/routes/monitor.ts';
import { networkRoutes } from '#api/routes/networks.ts';
import { registryRoutes } from '#api/routes/registries.ts';
import { storeCheckRoutes } from '#api/routes/store-check.ts';
import { swarmRoutes } from '#api/routes/swarm.ts';
import { systemRoutes } from '#api/routes/system.ts';
import { unsupportedRoutes } from '#api/routes/unsupported.ts';
import { volumeRoutes } from '#api/routes/volumes.ts';
import type { Buildkit } from '#buildkit/buildkit.ts';
import type { Engine } from '#engine/engine.ts';

/** Every operation of the API. Of two routes that fit a path the first one answers. */
export function createRoutes(engine: Engine, buildkit: Buildkit | undefined): Route[] {
  return [
    ...systemRoutes(engine),
    ...containerRoutes(engine),
    ...containerStreamRoutes(engine.containers),
    ...monitorRoutes(engine),
    ...fileRoutes(engine),
    ...buildRoutes(engine.builds),
    ...(buildkit === undefined ? [] : buildkitRoutes(buildkit)),
    ...commitRoutes(engine),
    ...diskUsageRoutes(engine),
    ...execRoutes(engine.containers),
    ...imageRoutes(engine),
    ...imageTransferRoutes(engine.images),
    ...registryRoutes(engine.registries),
    ...storeCheckRoutes(engine.storeCheck),
    ...networkRoutes(engine),
    ...volumeRoutes(engine.volumes),
    ...swarmRoutes(),
    ...unsupportedRoutes(),
  ];
}
