import { stringify } from 'yaml';
import type { Project } from '#compose/project.ts';
import { sortKeys } from '#compose/sort-keys.ts';

/** The project as one Compose file that means the same; keys in the order of the alphabet, dollars doubled, so that reading it again gives the same. */
export function renderProject(project: Project, format: 'yaml' | 'json'): string {
  const { name, services, networks, volumes, configs, secrets } = project;
  const sections = { services, networks, volumes, configs, secrets };
  const kept = Object.entries(sections).filter(
    ([key, section]) => key === 'services' || Object.keys(section).length > 0,
  );
  const sorted = sortKeys(Object.fromEntries(kept));
  const document = { name, ...(escapeDollars(sorted) as object) };
  if (format === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function escapeDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)]));
}
