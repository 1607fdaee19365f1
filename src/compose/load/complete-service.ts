import { posix } from 'node:path';
import { boundServices, serviceOfMode } from '#compose/dependencies.ts';
import { parseEnvFile } from '#compose/document/env-file.ts';
import type { Variables } from '#compose/document/interpolate.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import type { BuildDefinition } from '#compose/model/build.ts';
import type { Service } from '#compose/model/service.ts';
import { isDhowError } from '#errors/error.ts';

/** What completing needs of the project and the world. */
export interface Surroundings {
  /** The project's, absolute. */
  readonly directory: string;
  readonly variables: Variables;
  /** Throws NotFound when there is no such file. */
  read(path: string): string;
}

/** Adds to a service what it says by other words or not at all: files of variables and labels are read, defaults are written out. */
export function completeService(service: Service, around: Surroundings): Service {
  const { env_file: environmentFiles, label_file: labelFiles, ...rest } = service;
  const environment = readEnvironment(environmentFiles, service.environment, around);
  const labels = readLabels(labelFiles, service.labels, around);
  const dependencies = withImplied(service);
  return {
    ...rest,
    ...dropUndefined({
      build: service.build && completeBuild(service.build, around),
      environment: Object.keys(environment).length > 0 ? environment : undefined,
      labels: Object.keys(labels).length > 0 ? labels : undefined,
      depends_on: Object.keys(dependencies).length > 0 ? dependencies : undefined,
      networks: networksOf(service),
      secrets: service.secrets?.map((secret) => ({
        ...secret,
        target: secret.target ?? `/run/secrets/${secret.source}`,
      })),
      volumes: service.volumes?.map((volume) =>
        volume.target === undefined ? volume : { ...volume, target: cleanPath(volume.target) },
      ),
    }),
  };
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}

function networksOf(service: Service): Service['networks'] {
  const joins = Object.keys(service.networks ?? {}).length > 0;
  return service.network_mode !== undefined || joins ? service.networks : { default: null };
}

function completeBuild(build: BuildDefinition, { directory, variables }: Surroundings): BuildDefinition {
  const args = Object.entries(build.args ?? {}).map(
    ([key, value]) => [key, value ?? variables.get(key) ?? null] as const,
  );
  return {
    ...build,
    context: build.context ?? directory,
    ...(build.dockerfile === undefined && build.dockerfile_inline === undefined
      ? { dockerfile: 'Dockerfile' }
      : {}),
    ...(build.args === undefined
      ? {}
      : { args: Object.fromEntries(args.filter(([, value]) => value !== null)) }),
  };
}

/** `depends_on` with what links, joined namespaces and foreign volumes ask for. */
function withImplied(service: Service): NonNullable<Service['depends_on']> {
  const linked = (service.links ?? []).map((link) => link.split(':', 1)[0] ?? link);
  const joined = [service.network_mode, service.ipc, service.pid].map(serviceOfMode);
  const implied = [...linked, ...boundServices(service)].map((name) => {
    const restart = linked.includes(name) || joined.includes(name);
    return [name, { condition: 'service_started', ...(restart ? { restart } : {}), required: true }] as const;
  });
  const said = Object.entries(service.depends_on ?? {}).map(
    ([name, dependency]) => [name, { ...dependency, required: dependency.required ?? true }] as const,
  );
  return Object.fromEntries([...implied, ...said]);
}

/** Values of `env_file`, under those of `environment`; a key without a value takes that of the variables. */
function readEnvironment(
  files: Service['env_file'],
  own: Service['environment'],
  around: Surroundings,
): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  for (const { path = '', required = true, format } of files ?? []) {
    const content = readOptional(path, required, around);
    for (const [key, value] of format === 'raw'
      ? rawLines(content)
      : parseEnvFile(path, content, around.variables))
      values[key] = value;
  }
  for (const [key, value] of Object.entries(own ?? {})) {
    values[key] = value ?? around.variables.get(key) ?? null;
  }
  return values;
}

function readOptional(path: string, required: boolean, { read }: Surroundings): string {
  try {
    return read(path);
  } catch (error) {
    if (!required && isDhowError(error) && error.kind === 'NotFound') return '';
    throw error;
  }
}

function rawLines(content: string): [string, string][] {
  const lines = content.split(/\r?\n/).filter((line) => line.includes('=') && !line.startsWith('#'));
  return lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

/** Labels of files, under those of `labels`. */
function readLabels(
  files: readonly string[] | undefined,
  own: Service['labels'],
  { read, variables }: Surroundings,
): Record<string, string> {
  const found = (files ?? []).flatMap((path) => [...parseEnvFile(path, read(path), variables)]);
  return { ...Object.fromEntries(found), ...own };
}
