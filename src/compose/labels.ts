/**
 * Labels by which Compose tools find what belongs to a project. Names and values are those of Docker Compose, so that it and this engine
 * see each other's projects.
 */
export const label = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  configHash: 'com.docker.compose.config-hash',
  oneOff: 'com.docker.compose.oneoff',
  slug: 'com.docker.compose.slug',
  directory: 'com.docker.compose.project.working_dir',
  files: 'com.docker.compose.project.config_files',
  image: 'com.docker.compose.image',
  dependsOn: 'com.docker.compose.depends_on',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
  version: 'com.docker.compose.version',
  /** Dhow's own: containers of Docker Compose lack it. */
  usedHash: 'dhow.compose.used-hash',
} as const;

/** The edition of Docker Compose whose labels these are. */
export const labelsVersion = '2.40.0';

const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;
export type Condition = (typeof conditions)[number];

export interface Dependency {
  readonly condition: Condition;
  /** Whether the dependent is restarted when the dependency's container is replaced. */
  readonly restart: boolean;
}

/** `db:service_healthy:true,queue:service_started:false` */
export function encodeDependencies(dependencies: ReadonlyMap<string, Dependency>): string {
  return [...dependencies]
    .map(([service, { condition, restart }]) => `${service}:${condition}:${restart}`)
    .join(',');
}

/** Services and what is waited for, from a label; nothing for a container of a tool that does not write it. */
export function decodeDependencies(text: string | undefined): [string, Condition][] {
  return (text ?? '').split(',').flatMap((entry): [string, Condition][] => {
    const [service = '', written] = entry.split(':');
    const condition = conditions.find((known) => known === written) ?? 'service_started';
    return service === '' ? [] : [[service, condition]];
  });
}
