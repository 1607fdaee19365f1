import type { Dependency } from '#compose/labels.ts';
import type { Service } from '#compose/model/service.ts';
import { DhowError } from '#errors/error.ts';

type Services = Readonly<Record<string, Service>>;

/** The service whose namespace is joined by `network_mode`, `ipc` or `pid`. */
export function serviceOfMode(mode: string | undefined): string | undefined {
  return /^service:(.+)$/.exec(mode ?? '')?.[1];
}

/** Services whose containers a container of this service names when it is made, so that it must be made anew with them. */
export function boundServices(service: Service): string[] {
  const modes = [service.network_mode, service.ipc, service.pid].map(serviceOfMode);
  const sources = (service.volumes_from ?? [])
    .filter((source) => !source.startsWith('container:'))
    .map((source) => source.split(':', 1)[0]);
  return [...new Set([...modes, ...sources].filter((name) => name !== undefined))];
}

/** What must be there before a service; loading has added to `depends_on` what it refers to otherwise. */
export function dependenciesOf(service: Service): Map<string, Dependency & { required: boolean }> {
  const entries = Object.entries(service.depends_on ?? {});
  return new Map(
    entries.map(([name, { condition = 'service_started', restart = false, required = true }]) => [
      name,
      { condition, restart, required },
    ]),
  );
}

/**
 * The named services and all that they depend on, dependencies first.
 * @throws InvalidParameter when services depend on each other in a circle; NotFound for a name that is no service
 */
export function orderServices(services: Services, names: readonly string[]): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    if (ordered.has(name)) return;
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' → ');
      throw new DhowError('InvalidParameter', `services depend on each other in a circle: ${circle}`);
    }
    for (const [other, { required }] of dependenciesOf(findService(services, name))) {
      if (!required && !Object.hasOwn(services, other)) continue;
      visit(other, [...trail, name]);
    }
    ordered.add(name);
  };
  for (const name of names) visit(name, []);
  return [...ordered];
}

/** @throws NotFound */
export function findService(services: Services, name: string): Service {
  const found = Object.hasOwn(services, name) ? services[name] : undefined;
  if (found === undefined) throw new DhowError('NotFound', `no such service: ${name}`);
  return found;
}

/** Whether another service waits for this one to complete: that it ends is no failure. */
export function isJob(services: Services, name: string): boolean {
  return Object.values(services).some(
    ({ depends_on: needs }) => needs?.[name]?.condition === 'service_completed_successfully',
  );
}
