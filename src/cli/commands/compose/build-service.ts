import { Readable } from 'node:stream';
import type { BuiltImages } from '#cli/commands/build/build-state.ts';
import {
  cacheQuery,
  exportCache,
  parseCacheFrom,
  parseCacheTo,
  prepareCacheFrom,
} from '#cli/commands/build/cache-options.ts';
import { followBuild, type ProgressKind } from '#cli/commands/build/follow-build.ts';
import { closeNamedContexts, openNamedContexts } from '#cli/commands/build/named-contexts.ts';
import { openAgents } from '#cli/commands/build/open-agents.ts';
import { openContext } from '#cli/commands/build/open-context.ts';
import { registryConfigHeader } from '#cli/commands/build/registry-config.ts';
import { readSecret, secretsHeader } from '#cli/commands/build/values.ts';
import { describeCheck, writeWarnings } from '#cli/commands/build/warnings.ts';
import type { CliContext, Input, Output } from '#cli/context.ts';
import { buildImage } from '#client/builds.ts';
import { buildInputsOf } from '#compose/build-inputs.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import { label } from '#compose/labels.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

export interface BuildSettings {
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly quiet: boolean;
  /** `KEY=value`, over what the file says. */
  readonly args: ReadonlyMap<string, string | null>;
  /** Nothing is built: the Dockerfile is only looked at for mistakes. */
  readonly check: boolean;
  /** For each command, in bytes. */
  readonly memoryBytes: number | undefined;
  /** As `dhow build --ssh` takes them, besides those of the file. */
  readonly ssh: readonly string[];
  /** Whether the image is made for all platforms of the file, rather than for one to run. */
  readonly allPlatforms: boolean;
}

/** Where a build is told, and how. */
export interface BuildScreen {
  readonly output: Output;
  readonly kind: ProgressKind;
  readonly signal: AbortSignal;
}

export const usualBuild: BuildSettings = {
  noCache: false,
  pull: false,
  quiet: false,
  args: new Map(),
  check: false,
  memoryBytes: undefined,
  ssh: [],
  allPlatforms: false,
};

/**
 * Builds a service's image and gives it the service's name.
 * @returns how many warnings there were
 * @throws Internal when the build fails; its output has been told
 */
export async function buildService(
  context: CliContext,
  project: Project,
  name: string,
  settings: BuildSettings,
  { output, kind, signal }: BuildScreen,
): Promise<number> {
  const service = findService(project.services, name);
  const { build } = service;
  if (build === undefined) throw new DhowError('InvalidParameter', `service "${name}" has nothing to build`);
  const inline = build.dockerfile_inline;
  if (inline !== undefined && build.dockerfile !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `services.${name}.build: dockerfile and dockerfile_inline exclude each other`,
    );
  }
  const directory = build.context ?? project.directory;
  const stdin: Input = Readable.from([Buffer.from(inline ?? '')]);
  const file = inline === undefined ? build.dockerfile : '-';
  // A relative Dockerfile is one of the context.
  const inputs = buildInputsOf(project, name, settings.allPlatforms);
  const cacheTo = (build.cache_to ?? []).map(parseCacheTo);
  const tags = [
    imageOf(project, name),
    ...(build.tags ?? []),
    ...cacheTo.flatMap((cache) =>
      cache.type === 'registry' && cache.mode === 'min' ? [cache.reference] : [],
    ),
  ];
  await using undo = new AsyncDisposableStack();
  // Paths of the project are absolute but for those of caches, which start where the file is.
  const around = { ...context, workingDirectory: project.directory };
  const named = await openNamedContexts(around, inputs.contexts, inputs.platform);
  let made: BuiltImages['images'] = [];
  undo.defer(() => closeNamedContexts(context, named, made));
  const opened = await openContext(directory, file, { workingDirectory: directory, stdin }, named.roots);
  const ssh = [...inputs.ssh, ...settings.ssh];
  const agents = undo.use(await openAgents(ssh, around));
  const environment = Object.fromEntries(project.variables);
  const secrets = inputs.secrets.map((text) =>
    readSecret(text, { environment, workingDirectory: project.directory }),
  );
  const cacheFrom = await prepareCacheFrom(around, (build.cache_from ?? []).map(parseCacheFrom));
  const messages = await buildImage(
    context.client,
    {
      query: {
        remote: opened.remote,
        dockerfile: opened.dockerfile,
        t: tags,
        target: build.target,
        buildargs: JSON.stringify(buildArgs(project, name, settings)),
        labels: JSON.stringify(buildLabels(project, name)),
        nocache: settings.noCache || build.no_cache || undefined,
        pull: settings.pull || build.pull || undefined,
        platform: inputs.platform,
        networkmode: build.network,
        extrahosts: build.extra_hosts?.map((entry) => entry.replace('=', ':')),
        shmsize: build.shm_size,
        ulimits: inputs.ulimits.length === 0 ? undefined : JSON.stringify(inputs.ulimits),
        cachefrom: cacheFrom.length === 0 ? undefined : JSON.stringify(cacheFrom),
        ...cacheQuery(cacheTo),
        memory: settings.memoryBytes,
        'dhow-events': true,
        'dhow-check': settings.check || undefined,
        'dhow-allow': [...inputs.allow],
        'dhow-contexts': inputs.contexts.length === 0 ? undefined : JSON.stringify(named.parameter),
        'dhow-ssh': ssh.length === 0 ? undefined : JSON.stringify(agents.sockets),
      },
      context: opened.archive,
      headers: {
        ...secretsHeader(secrets),
        ...(await registryConfigHeader(context.configDirectory, signal)),
      },
    },
    signal,
  );
  const { view, imageId, failure } = await followBuild(messages, kind, output);
  made = view.image?.images ?? (imageId === undefined ? [] : [{ id: imageId, platform: '' }]);
  if (kind !== 'quiet' && kind !== 'rawjson') {
    for (const note of view.notes) output.write(`${note}\n`);
    if (settings.check) writeWarnings(view.warnings, output);
  }
  if (failure !== undefined) {
    throw new DhowError('Internal', `the image of service "${name}" could not be built: ${failure.message}`);
  }
  if (settings.check && kind !== 'quiet') output.write(describeCheck(view.warnings));
  if (!settings.check) await exportCache(around, cacheTo, { images: made, cacheId: view.cacheId });
  return view.warnings.length;
}

/** The file's and the user's; one without a value has that of the variable, or is left out. */
export function buildArgs(
  project: Project,
  name: string,
  { args }: Pick<BuildSettings, 'args'>,
): Record<string, string> {
  const { build } = findService(project.services, name);
  const result: Record<string, string> = {};
  for (const [key, value] of [...Object.entries(build?.args ?? {}), ...args]) {
    const known = value ?? project.variables.get(key);
    if (known !== undefined) result[key] = known;
  }
  return result;
}

export function buildLabels(project: Project, name: string): Record<string, string> {
  const { build } = findService(project.services, name);
  return { ...build?.labels, [label.project]: project.name, [label.service]: name };
}
