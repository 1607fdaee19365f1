import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { BuildDefinition } from '#compose/model/build.ts';
import type { Project } from '#compose/project.ts';
import { readUlimit } from '#compose/request/resources.ts';
import { DhowError } from '#errors/error.ts';
import type { Ulimit } from '#wire/host-config.ts';

/** What a build gets besides its context, in the words of the options of `docker build`. */
export interface BuildInputs {
  /** `--build-context`; another service is its image. */
  readonly contexts: readonly string[];
  /** `--secret` */
  readonly secrets: readonly string[];
  /** `--ssh` */
  readonly ssh: readonly string[];
  /** `--allow` */
  readonly allow: readonly string[];
  readonly ulimits: readonly Ulimit[];
  /** Undefined: the daemon's own. */
  readonly platform: string | undefined;
}

/**
 * @param allPlatforms whether the image is made for all that the file names; what is to be run is made for one
 * @throws Unsupported for attestations; InvalidParameter for a secret that has no content
 */
export function buildInputsOf(project: Project, name: string, allPlatforms: boolean): BuildInputs {
  const { build = {}, platform } = findService(project.services, name);
  for (const key of ['provenance', 'sbom'] as const) {
    if ((build[key] ?? 'false') === 'false') continue;
    throw new DhowError(
      'Unsupported',
      `services.${name}.build.${key}: attestations are not made; write false`,
    );
  }
  if ((build.isolation ?? 'default') !== 'default') {
    throw new DhowError(
      'Unsupported',
      `services.${name}.build.isolation: "${build.isolation}" is for Windows`,
    );
  }
  const insecure = build.privileged === true ? ['security.insecure'] : [];
  return {
    contexts: Object.entries(build.additional_contexts ?? {}).map(([key, value]) => {
      const other = serviceOf(value);
      return `${key}=${other === undefined ? value : `docker-image://${imageOf(project, other)}`}`;
    }),
    secrets: (build.secrets ?? []).map(({ source = '', target = source }) =>
      secretText(project, source, target),
    ),
    ssh: Object.entries(build.ssh ?? {}).map(([id, path]) => (path === null ? id : `${id}=${path}`)),
    allow: [...new Set([...(build.entitlements ?? []), ...insecure])],
    ulimits: Object.entries(build.ulimits ?? {}).map(readUlimit),
    platform: allPlatforms ? (build.platforms?.join(',') ?? platform) : onePlatform(build, platform),
  };
}

function onePlatform({ platforms = [] }: BuildDefinition, own: string | undefined): string | undefined {
  return own ?? (platforms.length === 1 ? platforms[0] : undefined);
}

function secretText(project: Project, source: string, id: string): string {
  const { environment, file } = project.secrets[source] ?? {};
  if (environment !== undefined) return `id=${id},env=${environment}`;
  if (file !== undefined) return `id=${id},src=${file}`;
  throw new DhowError('InvalidParameter', `secret "${source}" has neither a file nor a variable`);
}

function serviceOf(context: string): string | undefined {
  return /^service:(.+)$/.exec(context)?.[1];
}

/** Services whose images the build of this one copies from. */
export function builtBefore(project: Project, name: string): string[] {
  const { build } = findService(project.services, name);
  return Object.values(build?.additional_contexts ?? {}).flatMap((context) => serviceOf(context) ?? []);
}

/**
 * The named services and those whose images their builds copy from, these first.
 * @throws InvalidParameter for a service that has nothing to build, and for a circle
 */
export function orderBuilds(project: Project, names: readonly string[]): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' → ');
      throw new DhowError('InvalidParameter', `images are built from each other in a circle: ${circle}`);
    }
    if (ordered.has(name)) return;
    if (findService(project.services, name).build === undefined) {
      throw new DhowError(
        'InvalidParameter',
        `service "${name}", which another is built from, has nothing to build`,
      );
    }
    for (const other of builtBefore(project, name)) visit(other, [...trail, name]);
    ordered.add(name);
  };
  for (const name of names) visit(name, []);
  return [...ordered];
}
