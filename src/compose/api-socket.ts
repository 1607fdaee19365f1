import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';

const socket = '/var/run/docker.sock';
const directory = '/run/secrets/docker';
const configKey = '#apisocket';

/** Whether a service of the project asks for the daemon's socket. */
export function asksForSocket(project: Project): boolean {
  return Object.values(project.services).some(({ use_api_socket: asks }) => asks === true);
}

/**
 * Gives the services that ask for it the daemon's socket, where Docker's is, and what the user is logged in with. The services are
 * written as Docker Compose writes them, so that their digests are the same.
 * @param config of the CLI in these containers, as text
 */
export function withApiSocket(project: Project, config: string): Project {
  const services = Object.entries(project.services).map(
    ([name, service]) => [name, service.use_api_socket === true ? withSocket(service) : service] as const,
  );
  return {
    ...project,
    services: Object.fromEntries(services),
    configs: { ...project.configs, [configKey]: { content: config } },
  };
}

function withSocket(service: Service): Service {
  return {
    ...service,
    volumes: [...(service.volumes ?? []), { type: 'bind', source: socket, target: socket }],
    // A service with its own directory knows what it does.
    environment: { DOCKER_CONFIG: directory, ...service.environment },
    configs: [...(service.configs ?? []), { source: configKey, target: `${directory}/config.json` }],
  };
}
