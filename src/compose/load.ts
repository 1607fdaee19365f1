import { resolve } from 'node:path';
import { dependenciesOf, orderServices } from '#compose/dependencies.ts';
import { parseEnvFile } from '#compose/document/env-file.ts';
import type { Variables } from '#compose/document/interpolate.ts';
import { asMapping, complain, isNull, type MappingNode, mapping } from '#compose/document/node.ts';
import { completeService } from '#compose/load/complete-service.ts';
import { projectName } from '#compose/load/project-name.ts';
import { findName, readFiles, type Sources } from '#compose/load/read-files.ts';
import type { Decoder } from '#compose/model/decode.ts';
import { decodeConfig, decodeNetwork, decodeSecret, decodeVolume } from '#compose/model/resources.ts';
import { decodeService, type Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { DhowError, isDhowError } from '#errors/error.ts';

export interface LoadRequest {
  /** Absolute, in the order of merging; `-` is the standard input. */
  readonly files: readonly string[];
  /** Absolute. Relative paths start here, and its name is the project's when nothing else names it. */
  readonly directory: string;
  /** What the user said; wins over the files. */
  readonly name: string | undefined;
  readonly variables: Variables;
  /** `*` enables all. */
  readonly profiles: readonly string[];
  /** Services that are enabled whatever their profiles: the user has named them. */
  readonly wanted?: readonly string[];
  /** Whether names of containers and images are made with _ instead of -. */
  readonly compatibility?: boolean;
}

const sections = ['services', 'networks', 'volumes', 'configs', 'secrets'];

/**
 * Reads a project: files, overrides, `include`, `extends`, variables, profiles, environment files.
 * @throws InvalidParameter with file, line and column for what is wrong, Unsupported for what this engine does not do yet, NotFound for
 *   a file that is not there
 */
export function loadProject(request: LoadRequest, sources: Sources): Project {
  const { files, directory } = request;
  const written = findName({ files, directory, variables: request.variables }, sources);
  const name = projectName(request.name, written, directory);
  const variables = new Map([...request.variables, ['COMPOSE_PROJECT_NAME', name] as const]);
  const root = readFiles({ files, directory, variables }, sources);
  for (const [key, value] of root.entries) {
    if (!key.startsWith('x-') && !sections.includes(key) && key !== 'name' && key !== 'version') {
      throw complain(value.at, `unknown key "${key}"`);
    }
  }
  const services = decodeSection(root, 'services', decodeService);
  const project = {
    name,
    directory,
    files,
    variables,
    separator: request.compatibility === true ? ('_' as const) : ('-' as const),
    networks: withNames(name, decodeSection(root, 'networks', decodeNetwork)),
    volumes: withNames(name, decodeSection(root, 'volumes', decodeVolume)),
    configs: withNames(name, decodeSection(root, 'configs', decodeConfig)),
    secrets: withNames(name, decodeSection(root, 'secrets', decodeSecret)),
  };
  const enabled: Record<string, Service> = {};
  const disabled: string[] = [];
  for (const [key, service] of Object.entries(services)) {
    if (!isEnabled(service, request.profiles) && !request.wanted?.includes(key)) {
      disabled.push(key);
      continue;
    }
    enabled[key] = completeService(service, { directory, variables, read: sources.read });
  }
  for (const [key, service] of Object.entries(enabled)) {
    checkService(key, service, { project, services, enabled, root });
  }
  orderServices(enabled, Object.keys(enabled));
  const used = Object.values(enabled).some((service) => service.networks && 'default' in service.networks);
  const networks =
    used && project.networks['default'] === undefined
      ? { ...project.networks, default: { name: `${name}_default` } }
      : project.networks;
  return { ...project, networks, services: enabled, disabled };
}

function decodeSection<Value>(
  root: MappingNode,
  section: string,
  decode: Decoder<Value>,
): Record<string, Value> {
  const node = root.entries.get(section);
  if (node === undefined) return {};
  const result: [string, Value][] = [];
  for (const [name, entry] of asMapping(node, section).entries) {
    if (name.startsWith('x-')) continue;
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
      throw complain(entry.at, `${section}: "${name}" is no name: use letters, digits, dots, _ and -`);
    }
    result.push([name, decode(isNull(entry) ? mapping([], entry.at) : entry, `${section}.${name}`)]);
  }
  return Object.fromEntries(result);
}

function withNames<Value extends { name?: string; external?: boolean }>(
  project: string,
  definitions: Record<string, Value>,
): Record<string, Value & { name: string }> {
  const named = Object.entries(definitions).map(([key, definition]) => {
    const fallback = definition.external ? key : `${project}_${key}`;
    return [key, { ...definition, name: definition.name ?? fallback }] as const;
  });
  return Object.fromEntries(named);
}

export function isEnabled(service: Pick<Service, 'profiles'>, profiles: readonly string[]): boolean {
  const own = service.profiles ?? [];
  return own.length === 0 || profiles.includes('*') || own.some((profile) => profiles.includes(profile));
}

interface Surroundings {
  readonly project: Pick<Project, 'networks' | 'volumes' | 'configs' | 'secrets'>;
  readonly services: Readonly<Record<string, Service>>;
  readonly enabled: Readonly<Record<string, Service>>;
  readonly root: MappingNode;
}

/** What a service names must be there. */
function checkService(name: string, service: Service, around: Surroundings): void {
  const section = around.root.entries.get('services');
  const node = section?.kind === 'mapping' ? section.entries.get(name) : undefined;
  const fail = (message: string) => {
    const place = `services.${name}: ${message}`;
    return node === undefined ? new DhowError('InvalidParameter', place) : complain(node.at, place);
  };
  if (service.image === undefined && service.build === undefined)
    throw fail('has neither an image nor a build');
  if (service.network_mode !== undefined && service.networks !== undefined) {
    throw fail('network_mode and networks exclude each other');
  }
  for (const network of Object.keys(service.networks ?? {})) {
    if (network !== 'default' && !Object.hasOwn(around.project.networks, network)) {
      throw fail(`network "${network}" is not defined under networks`);
    }
  }
  for (const { type, source, target } of service.volumes ?? []) {
    if (target === undefined) throw fail('a volume lacks its target');
    if (type === 'volume' && source !== undefined && !Object.hasOwn(around.project.volumes, source)) {
      throw fail(`volume "${source}" is not defined under volumes`);
    }
  }
  for (const kind of ['configs', 'secrets'] as const) {
    for (const { source = '' } of service[kind] ?? []) {
      if (!Object.hasOwn(around.project[kind], source))
        throw fail(`"${source}" is not defined under ${kind}`);
    }
  }
  for (const [other, { required }] of dependenciesOf(service)) {
    if (Object.hasOwn(around.enabled, other) || !required) continue;
    if (!Object.hasOwn(around.services, other)) throw fail(`depends on "${other}", which is not a service`);
    throw fail(`depends on "${other}", which no chosen profile enables`);
  }
}

/**
 * Variables for interpolation: the process's own over those of the files. Without `envFiles` the project directory's `.env` is read when
 * it is there.
 */
export function readVariables(
  environment: Readonly<Record<string, string | undefined>>,
  envFiles: readonly string[],
  directory: string,
  read: (path: string) => string,
): Map<string, string> {
  const own = new Map<string, string>();
  for (const [key, value] of Object.entries(environment)) if (value !== undefined) own.set(key, value);
  const values = new Map<string, string>();
  for (const file of envFiles.length > 0 ? envFiles : [resolve(directory, '.env')]) {
    let content = '';
    try {
      content = read(file);
    } catch (error) {
      if (envFiles.length > 0 || !isDhowError(error) || error.kind !== 'NotFound') throw error;
    }
    for (const [key, value] of parseEnvFile(file, content, new Map([...values, ...own])))
      values.set(key, value);
  }
  return new Map([...values, ...own]);
}
