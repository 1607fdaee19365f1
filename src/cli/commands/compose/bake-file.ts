import { resolve } from 'node:path';
import { type BuildSettings, buildArgs, buildLabels } from '#cli/commands/compose/build-service.ts';
import { buildInputsOf, orderBuilds } from '#compose/build-inputs.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { Project } from '#compose/project.ts';

/** What `docker buildx bake` would have to be told to build the same images, as text. */
export function bakeFile(
  project: Project,
  services: readonly string[],
  settings: BuildSettings & { readonly push: boolean },
): string {
  const targets = orderBuilds(project, services).map(
    (name) => [name, bakeTarget(project, name, settings)] as const,
  );
  const file = { group: { default: { targets: services } }, target: Object.fromEntries(targets) };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function bakeTarget(project: Project, name: string, settings: BuildSettings & { readonly push: boolean }) {
  const { build = {}, image } = findService(project.services, name);
  const { secrets, ulimits, allow, platform, ...inputs } = buildInputsOf(project, name, true);
  const context = build.context ?? project.directory;
  const inline = build.dockerfile_inline;
  const isLocal = context.startsWith('/');
  const dockerfile = isLocal ? resolve(context, build.dockerfile ?? 'Dockerfile') : build.dockerfile;
  const args = buildArgs(project, name, settings);
  const ssh = [...inputs.ssh, ...settings.ssh].map((text) => (text.includes('=') ? text : `${text}=`));
  const hosts = build.extra_hosts?.map((entry): [string, string] => {
    const [host = '', address = ''] = entry.split(/=(.*)/s);
    return [host, address];
  });
  return {
    context,
    contexts: build.additional_contexts && bakeContexts(build.additional_contexts),
    dockerfile: inline === undefined ? dockerfile : undefined,
    'dockerfile-inline': inline,
    args: Object.keys(args).length === 0 ? undefined : args,
    labels: buildLabels(project, name),
    tags: [...(build.tags ?? []), imageOf(project, name)],
    'cache-from': build.cache_from,
    'cache-to': build.cache_to,
    target: build.target,
    secret: filled(secrets),
    ssh: filled(ssh),
    platforms: platform?.split(','),
    pull: settings.pull || build.pull || undefined,
    'no-cache': settings.noCache || build.no_cache || undefined,
    network: build.network,
    'shm-size': build.shm_size,
    ulimits: filled(ulimits.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`)),
    entitlements: filled(allow),
    'extra-hosts': hosts === undefined ? undefined : Object.fromEntries(hosts),
    output: [outputOf(settings.push && image !== undefined, platform)],
  };
}

/** As Docker Compose asks for it; an output of type `docker` has one platform. */
function outputOf(push: boolean, platform: string | undefined): string {
  if (platform?.includes(',')) return `type=image,push=${push}`;
  return push ? 'type=registry' : 'type=docker';
}

/** Another service is a target of the same file. */
function bakeContexts(contexts: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replace(/^service:/, 'target:')]));
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}
