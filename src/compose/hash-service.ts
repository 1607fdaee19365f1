import { createHash } from 'node:crypto';
import { findService } from '#compose/dependencies.ts';
import { dockerService } from '#compose/docker-form.ts';
import type { Project } from '#compose/project.ts';
import { sortKeys } from '#compose/sort-keys.ts';

/**
 * The digest that Docker Compose 2.40 has of a service: it changes when its containers would have to be made anew. What only says how
 * many there are, in which order they start or how their image comes is left out.
 */
export function hashService(project: Project, name: string): string {
  const service = findService(project.services, name);
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
