import { Readable } from 'node:stream';
import { followBuild, type ProgressKind } from '#cli/commands/build/follow-build.ts';
import { openAgents } from '#cli/commands/build/open-agents.ts';
import { openContext } from '#cli/commands/build/open-context.ts';
import { registryConfigHeader } from '#cli/commands/build/registry-config.ts';
import { describeCheck, writeWarnings } from '#cli/commands/build/warnings.ts';
import type { CliContext, Input, Output } from '#cli/context.ts';
import { buildImage } from '#client/builds.ts';
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
  /** As `dhow build --ssh` takes them. */
  readonly ssh: readonly string[];
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
  const opened = await openContext(directory, file, { workingDirectory: directory, stdin });
  await using agents = await openAgents(settings.ssh, context);
  const messages = await buildImage(
    context.client,
    {
      query: {
        remote: opened.remote,
        dockerfile: opened.dockerfile,
        t: [imageOf(project, name), ...(build.tags ?? [])],
        target: build.target,
        buildargs: JSON.stringify(buildArgs(project, name, settings)),
        labels: JSON.stringify(buildLabels(project, name)),
        nocache: settings.noCache || build.no_cache || undefined,
        pull: settings.pull || build.pull || undefined,
        platform: service.platform,
        networkmode: build.network,
        extrahosts: build.extra_hosts?.map((entry) => entry.replace('=', ':')),
        shmsize: build.shm_size,
        cachefrom: build.cache_from === undefined ? undefined : JSON.stringify(build.cache_from),
        memory: settings.memoryBytes,
        'dhow-events': true,
        'dhow-check': settings.check || undefined,
        'dhow-ssh': settings.ssh.length === 0 ? undefined : JSON.stringify(agents.sockets),
      },
      context: opened.archive,
      headers: await registryConfigHeader(context.configDirectory, signal),
    },
    signal,
  );
  const { view, failure } = await followBuild(messages, kind, output);
  if (kind !== 'quiet' && kind !== 'rawjson') {
    for (const note of view.notes) output.write(`${note}\n`);
    if (settings.check) writeWarnings(view.warnings, output);
  }
  if (failure !== undefined) {
    throw new DhowError('Internal', `the image of service "${name}" could not be built: ${failure.message}`);
  }
  if (settings.check && kind !== 'quiet') output.write(describeCheck(view.warnings));
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
