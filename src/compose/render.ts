import { stringify } from 'yaml';
import { dockerProject, type Notation } from '#compose/docker-form.ts';
import type { Project } from '#compose/project.ts';

/**
 * The project as one Compose file that means the same, as Docker Compose prints it: what no service uses is left out, dollars are
 * doubled, so that reading it again gives the same.
 * @param all networks, volumes, configs and secrets, used or not
 */
export function renderProject(project: Project, format: Notation, all: boolean): string {
  const { services, ...sections } = dockerProject(all ? project : withUsed(project), format);
  const filled = Object.entries(sections).filter(([, section]) => Object.keys(section).length > 0);
  const document = escapeDollars({ name: project.name, services, ...Object.fromEntries(filled) });
  return format === 'json'
    ? `${JSON.stringify(document, undefined, 2)}\n`
    : // Others read YAML 1.1, where `no` is false.
      stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

/** The project without the networks, volumes, configs and secrets that no service uses. */
export function withUsed(project: Project): Project {
  const services = Object.values(project.services);
  const pick = <Value>(definitions: Readonly<Record<string, Value>>, used: ReadonlySet<string | undefined>) =>
    Object.fromEntries(Object.entries(definitions).filter(([key]) => used.has(key)));
  const sources = (entries: readonly { source?: string }[] | undefined) =>
    (entries ?? []).map(({ source }) => source);
  return {
    ...project,
    networks: pick(
      project.networks,
      new Set(services.flatMap(({ networks }) => Object.keys(networks ?? {}))),
    ),
    volumes: pick(project.volumes, new Set(services.flatMap(({ volumes }) => sources(volumes)))),
    configs: pick(project.configs, new Set(services.flatMap(({ configs }) => sources(configs)))),
    secrets: pick(
      project.secrets,
      new Set(services.flatMap(({ secrets, build }) => [...sources(secrets), ...sources(build?.secrets)])),
    ),
  };
}

function escapeDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)]));
}
