import { type Reference, splitTemplate } from '#compose/document/interpolate.ts';
import type { Node } from '#compose/document/node.ts';
import { projectName } from '#compose/load/project-name.ts';
import { type AsWritten, findName, readFiles, type Sources } from '#compose/load/read-files.ts';
import { isEnabled, type LoadRequest } from '#compose/load.ts';
import { DhowError } from '#errors/error.ts';

type Model = Record<string, unknown>;

/**
 * A project's files together, in long forms, and neither checked nor completed but for names and the default network. Where variables
 * are put in, services are left out that the profiles or the choice of services do not enable.
 * @param written what is left as it stands in the files; with `defaults` no name and no network is added
 * @throws InvalidParameter, NotFound as `loadProject`
 */
export function loadModel(
  request: LoadRequest,
  written: AsWritten & { readonly defaults: boolean },
  sources: Sources,
): Model {
  const { files, directory } = request;
  const name = projectName(
    request.name,
    findName({ files, directory, variables: request.variables }, sources),
    directory,
  );
  const variables = new Map([...request.variables, ['COMPOSE_PROJECT_NAME', name] as const]);
  const root = toPlain(readFiles({ files, directory, variables, written }, sources)) as Model;
  const { version: _version, ...rest } = root;
  const model = { ...rest, name };
  const chosen = written.variables ? model : withChosenServices(model, request);
  return written.defaults ? chosen : withDefaults(chosen, name);
}

/** Variables that a model's texts hold, each as it is first written, in the order of their names. */
export function variablesOf(model: Model): Reference[] {
  const found = new Map<string, Reference>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const part of splitTemplate(value)) {
        if (typeof part === 'string') continue;
        if (!found.has(part.name)) found.set(part.name, part);
        visit(part.word);
      }
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(model);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toPlain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, toPlain(value)]));
}

function withChosenServices(model: Model, { profiles, wanted = [] }: LoadRequest): Model {
  const services = sectionOf(model, 'services');
  const kept = new Set<string>(wanted);
  for (const [key, { profiles: own = [] }] of wanted.length > 0 ? [] : Object.entries(services)) {
    if (isEnabled({ profiles: own as string[] }, profiles)) kept.add(key);
  }
  // A set is walked through what is added meanwhile, too.
  for (const key of kept) {
    const service = services[key];
    if (service === undefined) throw new DhowError('NotFound', `no such service: ${key}`);
    if (wanted.length > 0) for (const other of Object.keys(service['depends_on'] ?? {})) kept.add(other);
  }
  return {
    ...model,
    services: Object.fromEntries(Object.entries(services).filter(([key]) => kept.has(key))),
  };
}

function withDefaults(model: Model, name: string): Model {
  const result = { ...model };
  const services = Object.entries(sectionOf(model, 'services')).map(([key, service]) => {
    const { networks, network_mode: mode } = service;
    const joins = mode !== undefined || (typeof networks === 'object' && networks !== null);
    return [key, joins ? service : { ...service, networks: { default: null } }] as const;
  });
  if (services.length > 0) result['services'] = Object.fromEntries(services);
  const isJoined = services.some(
    ([, { networks }]) => typeof networks === 'object' && networks !== null && 'default' in networks,
  );
  if (isJoined) result['networks'] = { default: null, ...sectionOf(model, 'networks') };
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    const named = Object.entries(sectionOf(result, section)).map(([key, definition]) => {
      const usual = definition?.['external'] === true ? key : `${name}_${key}`;
      return [key, { name: usual, ...definition }] as const;
    });
    if (named.length > 0) result[section] = Object.fromEntries(named);
  }
  return result;
}

function sectionOf(model: Model, key: string): Record<string, Model> {
  return (model[key] ?? {}) as Record<string, Model>;
}
