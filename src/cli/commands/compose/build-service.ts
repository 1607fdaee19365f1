import { Readable } from 'node:stream';
import { followBuild } from '#cli/commands/build/follow-build.ts';
import { openContext } from '#cli/commands/build/open-context.ts';
import { registryConfigHeader } from '#cli/commands/build/registry-config.ts';
import type { CliContext, Input } from '#cli/context.ts';
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
}

/** Builds a service's image and gives it the service's name. @throws Internal when the build fails; its output is on stderr */
export async function buildService(
  context: CliContext,
  project: Project,
  name: string,
  settings: BuildSettings,
): Promise<void> {
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
  const buildArgs: Record<string, string> = {};
  for (const [key, value] of [...Object.entries(build.args ?? {}), ...settings.args]) {
    const known = value ?? project.variables.get(key);
    if (known !== undefined) buildArgs[key] = known;
  }
  const labels = { ...build.labels, [label.project]: project.name, [label.service]: name };
  const messages = await buildImage(
    context.client,
    {
      query: {
        remote: opened.remote,
        dockerfile: opened.dockerfile,
        t: [imageOf(project, name), ...(build.tags ?? [])],
        target: build.target,
        buildargs: JSON.stringify(buildArgs),
        labels: JSON.stringify(labels),
        nocache: settings.noCache || build.no_cache || undefined,
        pull: settings.pull || build.pull || undefined,
        platform: service.platform,
        networkmode: build.network,
        extrahosts: build.extra_hosts?.map((entry) => entry.replace('=', ':')),
        shmsize: build.shm_size,
        cachefrom: build.cache_from === undefined ? undefined : JSON.stringify(build.cache_from),
        'dhow-events': true,
      },
      context: opened.archive,
      headers: await registryConfigHeader(context.configDirectory, context.signal),
    },
    context.signal,
  );
  const { stderr } = context;
  const shown = stderr.isTTY === true ? 'tty' : 'plain';
  const { view, failure } = await followBuild(messages, settings.quiet ? 'quiet' : shown, stderr);
  for (const note of settings.quiet ? [] : view.notes) stderr.write(`${note}\n`);
  if (failure !== undefined) {
    throw new DhowError('Internal', `the image of service "${name}" could not be built: ${failure.message}`);
  }
}
