import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';

/** The project as one Compose file that means the same; keys in the order of the alphabet, dollars doubled, so that reading it again gives the same. */
export function renderProject(project: Project, format: 'yaml' | 'json'): string {
  const { name, ...sections } = project;
  const kept = Object.entries(sections).filter(
    ([key, section]) => key === 'services' || Object.keys(section).length > 0,
  );
  const sorted = sortKeys(Object.fromEntries(kept));
  const document = { name, ...(escapeDollars(sorted) as object) };
  if (format === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * A digest of what makes a service's containers: it changes when one of them would have to be made anew. What only says how many there
 * are, in which order they start or how their image comes is left out.
 */
export function hashService(service: Service): string {
  const {
    build: _build,
    depends_on: _after,
    profiles: _profiles,
    pull_policy: _pull,
    scale: _scale,
    ...rest
  } = service;
  const { deploy, ...own } = rest;
  const { replicas: _replicas, ...deployed } = deploy ?? {};
  const content = sortKeys(deploy === undefined ? own : { ...own, deploy: deployed });
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

function escapeDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)]));
}
