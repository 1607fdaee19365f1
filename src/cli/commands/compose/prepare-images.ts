import { usualBuild } from '#cli/commands/compose/build-service.ts';
import { buildServices } from '#cli/commands/compose/build-services.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { pullServices } from '#cli/commands/compose/pull-services.ts';
import { oneOf } from '#cli/commands/container/values/small-values.ts';
import type { CliContext } from '#cli/context.ts';
import { parsed } from '#cli/options.ts';
import { inspectImage } from '#client/images.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { ServiceImage } from '#compose/plan-up.ts';
import type { Project } from '#compose/project.ts';
import { maximumAge } from '#compose/pull-policy.ts';
import { DhowError, kindOf } from '#errors/error.ts';

export const pullOption = parsed(
  { help: 'Pull image before running ("always"|"missing"|"never")' },
  'string',
  oneOf('always', 'missing', 'never'),
);

export interface ImageSettings {
  /** Wins over what the file says. */
  readonly pull: string | undefined;
  /** Whether what can be built is built even if it is there. */
  readonly build: boolean;
  /** Nothing is built, as if no service could be. */
  readonly noBuild: boolean;
  readonly quiet: boolean;
}

/**
 * Sees to it that the daemon has the images of the services: pulls and builds what their policies ask for.
 * @throws NotFound for an image that is not there and may be neither pulled nor built
 */
export async function prepareImages(
  context: CliContext,
  manner: Manner,
  project: Project,
  services: readonly string[],
  settings: ImageSettings,
): Promise<Map<string, ServiceImage>> {
  const images = await findImages(context, project, services);
  const toPull: string[] = [];
  const toBuild: string[] = [];
  for (const name of services) {
    const need = whatToDo(project, name, images.get(name), settings);
    if (need === 'pull') toPull.push(name);
    if (need === 'build') toBuild.push(name);
  }
  await pullServices(context, manner, project, toPull, { ignoreFailures: false, quiet: settings.quiet });
  const { quiet } = settings;
  await buildServices(context, manner, project, toBuild, { ...usualBuild, quiet });
  const changed = await findImages(context, project, [...toPull, ...toBuild]);
  const result = new Map<string, ServiceImage>([...images, ...changed]);
  // In a dry run nobody got them.
  if (manner.dryRun) for (const name of [...toPull, ...toBuild]) result.set(name, { id: '', volumes: [] });
  for (const name of services) {
    if (result.has(name)) continue;
    const image = imageOf(project, name);
    throw new DhowError(
      'NotFound',
      `the image "${image}" of service "${name}" is not there, and nothing may get it`,
    );
  }
  return result;
}

function whatToDo(
  project: Project,
  name: string,
  image: FoundImage | undefined,
  settings: ImageSettings,
): 'pull' | 'build' | undefined {
  const { build, pull_policy: written } = findService(project.services, name);
  const canBuild = build !== undefined && !settings.noBuild;
  if (canBuild && (settings.build || written === 'build')) return 'build';
  const policy = settings.pull ?? written ?? 'missing';
  if (policy === 'always' && (build === undefined || written === 'always')) return 'pull';
  if (image !== undefined) {
    const age = maximumAge(policy);
    return age !== undefined && Date.now() - Date.parse(image.lastTagTime) > age ? 'pull' : undefined;
  }
  if (canBuild) return 'build';
  return policy === 'never' ? undefined : 'pull';
}

interface FoundImage extends ServiceImage {
  /** RFC 3339: when it was pulled, built or tagged last. */
  readonly lastTagTime: string;
}

async function findImages(
  context: CliContext,
  project: Project,
  services: readonly string[],
): Promise<Map<string, FoundImage>> {
  const result = new Map<string, FoundImage>();
  const look = async (name: string) => {
    try {
      const {
        Id: id,
        Config: config,
        Metadata: metadata,
      } = await inspectImage(context.client, imageOf(project, name), context.signal);
      const volumes = Object.keys(config.Volumes ?? {});
      result.set(name, { id, volumes, lastTagTime: metadata.LastTagTime });
    } catch (error) {
      if (kindOf(error) !== 'NotFound') throw error;
    }
  };
  await Promise.all(services.map(look));
  return result;
}
