import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type BuilderParts, createBuilder } from '#build/build.ts';
import type { OverlayMounter } from '#build/executor.ts';
import type { BuildRequest } from '#build/request.ts';
import { fetchGit } from '#engine/builds/fetch-git.ts';
import { withImageFiles } from '#engine/builds/image-files.ts';
import { createImageSource } from '#engine/builds/image-source.ts';
import { fetchContext } from '#engine/builds/remote-context.ts';
import { type CommandRunnerParts, createCommandRunner } from '#engine/builds/run-command.ts';
import type { BuildService, BuildSettings } from '#engine/builds.ts';
import type { RootMounter } from '#engine/containers/parts.ts';
import type { EventService } from '#engine/events.ts';
import type { ImageService } from '#engine/images.ts';
import { quietly } from '#errors/quietly.ts';
import { parseReference } from '#image/reference.ts';
import type { RegistryClient } from '#registry/registry.ts';
import { resolveUser } from '#runtime/users.ts';
import { overflowId, toOutside } from '#sys/id-mapping.ts';

export { buildMigration } from '#build/migration.ts';
export { splitExits } from '#engine/builds/exit-split.ts';

export interface BuildServiceParts
  extends Omit<BuilderParts, 'mounter' | 'runner' | 'remote' | 'resolveOwner'>,
    Omit<CommandRunnerParts, 'directory'> {
  roots: RootMounter;
  imageService: Pick<ImageService, 'find' | 'get' | 'pull'>;
  registry: Pick<RegistryClient, 'download'>;
  events: EventService;
}

function mounterOf({ roots, idMapping }: Pick<BuildServiceParts, 'roots' | 'idMapping'>): OverlayMounter {
  return {
    mount: (root, target) => roots.mount(root, target),
    mountForCommand: (root, target) => roots.mount(root, target, idMapping),
    unmount: (target) => roots.unmount(target),
    forCommand: {
      differs: idMapping !== undefined,
      path: (file) => roots.mapped(file, idMapping),
      root: (root) => roots.mapRoot(root, idMapping),
      owner: ({ uid, gid }) => ({
        uid: idMapping === undefined ? uid : (toOutside(idMapping.uids, uid) ?? overflowId),
        gid: idMapping === undefined ? gid : (toOutside(idMapping.gids, gid) ?? overflowId),
      }),
    },
  };
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
    mounter: mounterOf(parts),
    runner,
    remote: {
      fetch: async (url, signal) => ({ body: parts.registry.download(new URL(url), signal) }),
      checkOut: fetchGit,
    },
    resolveOwner: (root, text) => resolveUser(root, text, []),
  });

  async function openContext(
    context: BuildSettings['context'],
    { dockerfile, signal }: Pick<BuildSettings, 'dockerfile' | 'signal'>,
    undo: AsyncDisposableStack,
  ): Promise<Partial<Pick<BuildRequest, 'context' | 'dockerfile'>>> {
    if (context === undefined) return {};
    if ('archive' in context) return { context: context.archive };
    if ('url' in context) return fetchContext(parts.registry, context.url, dockerfile, signal);
    const target = path.join(parts.directory, 'work', `git-${randomUUID()}`);
    undo.defer(quietly('remove a repository', () => parts.workers.removeTree(target)));
    fs.mkdirSync(target, { mode: 0o700 });
    await fetchGit(context.git, target, signal);
    const inside = context.git.directory ?? '.';
    return { context: parts.workers.pack(target, { whiteouts: 'literal', path: inside, name: '' }, signal) };
  }

  return {
    service: {
      async build({ credentials, context, ...settings }) {
        await using undo = new AsyncDisposableStack();
        const given = await openContext(context, settings, undo);
        const result = await builder.build({
          ...settings,
          ...given,
          imageSource: createImageSource(
            { images: parts.imageService, hostPlatform: parts.hostPlatform },
            (name) => credentials(parseReference(name).registry),
          ),
        });
        for (const name of result?.tags ?? []) {
          parts.events.emit({ type: 'image', action: 'tag', id: result?.id ?? '', attributes: { name } });
        }
        return result;
      },
      withFiles(name, use) {
        const image = parts.imageService.get(name);
        return withImageFiles({ ...parts, directory: path.join(parts.directory, 'work') }, image, use);
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
