import { createHash } from 'node:crypto';
import { findService, serviceOfMode } from '#compose/dependencies.ts';
import { dockerService } from '#compose/docker-form.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { sortKeys } from '#compose/sort-keys.ts';

/** The id of a service's first container; undefined where there is none. */
export type IdOf = (service: string) => string | undefined;

/**
 * The digest that Docker Compose 2.40 has of a service: it changes when its containers would have to be made anew. What only says how
 * many there are, in which order they start or how their image comes is left out.
 * @param idOf the id of a service's first container, which the digest of a container has for a service whose namespace it joins or whose
 *   volumes it takes; without it the digest is that of the file alone
 */
export function hashService(project: Project, name: string, idOf?: IdOf): string {
  const found = findService(project.services, name);
  const service = idOf === undefined ? found : withIds(found, idOf);
  const {
    build: _build,
    depends_on: _after,
    profiles: _profiles,
    pull_policy: _pull,
    scale: _scale,
    ...rest
  } = service;
  const { replicas: _replicas, ...deploy } = rest.deploy ?? {};
  const own = rest.deploy === undefined ? rest : { ...rest, deploy };
  return digest(escapeForHtml(JSON.stringify(dockerService(own, 'json'))));
}

function withIds(service: Service, idOf: IdOf): Service {
  const mode = (text: string | undefined) => {
    const other = serviceOfMode(text);
    const id = other === undefined ? undefined : idOf(other);
    return id === undefined ? text : `container:${id}`;
  };
  return {
    ...service,
    ...dropUndefined({
      network_mode: mode(service.network_mode),
      ipc: mode(service.ipc),
      pid: mode(service.pid),
      volumes_from: service.volumes_from?.map((source) => {
        const [first = '', second = ''] = source.split(':');
        return first === 'container' ? second : (idOf(first) ?? source);
      }),
    }),
  };
}

/**
 * A digest of what the service uses and is defined elsewhere in the project, which Docker Compose's digest leaves out: a change of it
 * makes containers anew too.
 */
export function hashUsed(project: Project, name: string): string {
  const service = findService(project.services, name);
  const volumes = (service.volumes ?? []).filter(({ type }) => type === 'volume');
  const used = {
    networks: Object.keys(service.networks ?? {}).map((key) => project.networks[key]?.name),
    volumes: volumes.map(({ source }) => (source === undefined ? null : project.volumes[source]?.name)),
    configs: (service.configs ?? []).map(({ source = '' }) => contentOf(project, 'configs', source)),
    secrets: (service.secrets ?? []).map(({ source = '' }) => contentOf(project, 'secrets', source)),
  };
  return digest(JSON.stringify(sortKeys(used)));
}

function contentOf(project: Project, kind: 'configs' | 'secrets', key: string) {
  const definition = project[kind][key];
  const variable = definition?.environment;
  return { definition, value: variable === undefined ? null : (project.variables.get(variable) ?? null) };
}

/** As Go writes JSON. */
function escapeForHtml(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
