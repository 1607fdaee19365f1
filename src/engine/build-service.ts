import path from 'node:path';
import { type BuilderParts, createBuilder } from '#build/build.ts';
import { createImageSource } from '#engine/builds/image-source.ts';
import { fetchContext } from '#engine/builds/remote-context.ts';
import { type CommandRunnerParts, createCommandRunner } from '#engine/builds/run-command.ts';
import type { BuildService } from '#engine/builds.ts';
import type { EventService } from '#engine/events.ts';
import type { ImageService } from '#engine/images.ts';
import { overlayRoots } from '#engine/root-mounter.ts';
import { parseReference } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';
import { resolveUser } from '#runtime/users.ts';

export { buildMigration } from '#build/migration.ts';
export { splitExits } from '#engine/builds/exit-split.ts';

export interface BuildServiceParts
  extends Omit<BuilderParts, 'mounter' | 'runner' | 'remote' | 'resolveOwner'>,
    Omit<CommandRunnerParts, 'directory'> {
  imageService: Pick<ImageService, 'find' | 'pull'>;
  registry: Pick<RegistryClient, 'download'>;
  events: EventService;
}

/** The service and what the daemon does with it besides serving it. */
export interface RunningBuildService {
  service: BuildService;
  /** Ends commands of a daemon that died and removes what its builds left. After the network's `restore`. */
  restore(): Promise<void>;
  /** Resolves when no build is under way. */
  settled(): Promise<void>;
}

export function createBuildService(parts: BuildServiceParts): RunningBuildService {
  const runner = createCommandRunner({ ...parts, directory: path.join(parts.runDirectory, 'commands') });
  const builder = createBuilder({
    ...parts,
    runDirectory: path.join(parts.runDirectory, 'files'),
    mounter: overlayRoots,
    runner,
    remote: {
      fetch: async (url, signal) => ({ body: parts.registry.download(new URL(url), signal) }),
    },
    resolveOwner: (root, text) => resolveUser(root, text, []),
  });

  return {
    service: {
      async build({ credentials, context, ...settings }) {
        const given =
          context !== undefined && 'url' in context
            ? await fetchContext(parts.registry, context.url, settings.dockerfile, settings.signal)
            : context === undefined
              ? {}
              : { context: context.archive };
        const result = await builder.build({
          ...settings,
          ...given,
          imageSource: createImageSource(parts.imageService, (name) =>
            credentials.get(parseReference(name).registry),
          ),
        });
        for (const name of result?.tags ?? []) {
          parts.events.emit({ type: 'image', action: 'tag', id: result?.id ?? '', attributes: { name } });
        }
        return result;
      },
      prune: (options) => builder.prune(options),
      cache: () => builder.cache(),
    },
    settled: () => builder.settled(),
    async restore() {
      await runner.restore();
      await builder.restore();
    },
  };
}
