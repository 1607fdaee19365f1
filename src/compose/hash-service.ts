import { createHash } from 'node:crypto';
import { findService } from '#compose/dependencies.ts';
import type { Project } from '#compose/project.ts';
import { sortKeys } from '#compose/sort-keys.ts';

/**
 * A digest of what makes a service's containers: it changes when one of them would have to be made anew. What only says how many there
 * are, in which order they start or how their image comes is left out; what is defined elsewhere in the project and used here is in.
 */
export function hashService(project: Project, name: string): string {
  const {
    build: _build,
    depends_on: _after,
    develop: _develop,
    profiles: _profiles,
    pull_policy: _pull,
    scale: _scale,
    attach: _attach,
    ...rest
  } = findService(project.services, name);
  const { deploy, ...own } = rest;
  const { replicas: _replicas, mode: _mode, ...deployed } = deploy ?? {};
  const volumes = (own.volumes ?? []).filter(({ type }) => type === 'volume');
  const used = {
    networks: Object.keys(own.networks ?? {}).map((key) => project.networks[key]?.name),
    volumes: volumes.map(({ source }) => (source === undefined ? null : project.volumes[source]?.name)),
    configs: (own.configs ?? []).map(({ source = '' }) => contentOf(project, 'configs', source)),
    secrets: (own.secrets ?? []).map(({ source = '' }) => contentOf(project, 'secrets', source)),
  };
  const content = sortKeys({ own, deployed, used });
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function contentOf(project: Project, kind: 'configs' | 'secrets', key: string) {
  const definition = project[kind][key];
  const variable = definition?.environment;
  return { definition, value: variable === undefined ? null : (project.variables.get(variable) ?? null) };
}
