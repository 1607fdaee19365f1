import { resolve } from 'node:path';
import { type BuildSettings, buildArgs, buildLabels } from '#cli/commands/compose/build-service.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { Project } from '#compose/project.ts';

/** What `docker buildx bake` would have to be told to build the same images, as text. */
export function bakeFile(
  project: Project,
  services: readonly string[],
  settings: BuildSettings & { readonly push: boolean },
): string {
  const targets = services.map((name) => [name, bakeTarget(project, name, settings)] as const);
  const file = { group: { default: { targets: services } }, target: Object.fromEntries(targets) };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function bakeTarget(project: Project, name: string, settings: BuildSettings & { readonly push: boolean }) {
  const { build = {}, image, platform } = findService(project.services, name);
  const context = build.context ?? project.directory;
  const inline = build.dockerfile_inline;
  const isLocal = context.startsWith('/');
  const dockerfile = isLocal ? resolve(context, build.dockerfile ?? 'Dockerfile') : build.dockerfile;
  const args = buildArgs(project, name, settings);
  const ssh = settings.ssh.map((text) => (text.includes('=') ? text : `${text}=`));
  const hosts = build.extra_hosts?.map((entry): [string, string] => {
    const [host = '', address = ''] = entry.split(/=(.*)/s);
    return [host, address];
  });
  return {
    context,
    dockerfile: inline === undefined ? dockerfile : undefined,
    'dockerfile-inline': inline,
    args: Object.keys(args).length === 0 ? undefined : args,
    labels: buildLabels(project, name),
    tags: [...(build.tags ?? []), imageOf(project, name)],
    'cache-from': build.cache_from,
    target: build.target,
    ssh: ssh.length === 0 ? undefined : ssh,
    platforms: platform === undefined ? undefined : [platform],
    pull: settings.pull || build.pull || undefined,
    'no-cache': settings.noCache || build.no_cache || undefined,
    network: build.network,
    'shm-size': build.shm_size,
    'extra-hosts': hosts === undefined ? undefined : Object.fromEntries(hosts),
    output: [settings.push && image !== undefined ? 'type=registry' : 'type=docker'],
  };
}
