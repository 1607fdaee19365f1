import { resolve } from 'node:path';
import { findService } from '#compose/dependencies.ts';
import { mapping, type Node, type Place } from '#compose/document/node.ts';
import { longPorts, longVolume, splitWords } from '#compose/load/short-forms.ts';
import { decodeService, type Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

/** What the command line of `run` says about its container. */
export interface OneOff {
  readonly command: readonly string[];
  /** As a shell would write it. */
  readonly entrypoint: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly addedCapabilities: readonly string[];
  readonly droppedCapabilities: readonly string[];
  /** Whether the ports of the file are published. */
  readonly servicePorts: boolean;
  /** In the short form. */
  readonly ports: readonly string[];
  /** In the short form; relative paths start at `directory`. */
  readonly volumes: readonly string[];
  readonly directory: string;
}

/** The project with one service changed for a single run of it. @throws InvalidParameter for a wrong port, volume or entrypoint */
export function oneOffProject(project: Project, name: string, oneOff: OneOff): Project {
  const {
    container_name: _name,
    restart: _restart,
    scale: _scale,
    ...service
  } = findService(project.services, name);
  const { restart_policy: _policy, replicas: _replicas, ...deploy } = service.deploy ?? {};
  const { ports = [], volumes = [] } = readShortForms(project, oneOff);
  const covered = new Set(volumes.map(({ target }) => target));
  const changed: Service = {
    ...service,
    ...(service.deploy === undefined ? {} : { deploy }),
    ...commandOf(oneOff),
    environment: { ...service.environment, ...oneOff.environment },
    labels: { ...service.labels, ...oneOff.labels },
    cap_add: [...(service.cap_add ?? []), ...oneOff.addedCapabilities],
    cap_drop: [...(service.cap_drop ?? []), ...oneOff.droppedCapabilities],
    ports: [...(oneOff.servicePorts ? (service.ports ?? []) : []), ...ports],
    volumes: [...(service.volumes ?? []).filter(({ target }) => !covered.has(target)), ...volumes],
    ...(oneOff.user === undefined ? {} : { user: oneOff.user }),
    ...(oneOff.workingDirectory === undefined ? {} : { working_dir: oneOff.workingDirectory }),
  };
  return { ...project, services: { ...project.services, [name]: changed } };
}

function commandOf({ command, entrypoint }: OneOff): Pick<Service, 'command' | 'entrypoint'> {
  const words = command.length > 0 ? { command: [...command] } : {};
  if (entrypoint === undefined) return words;
  // What the file says is for another program.
  return { command: [], ...words, entrypoint: splitWords(entrypoint, at('--entrypoint')) };
}

function readShortForms(
  project: Project,
  { ports, volumes, directory }: OneOff,
): Pick<Service, 'ports' | 'volumes'> {
  const list = (items: readonly Node[], place: Place): Node => ({ kind: 'sequence', items, at: place });
  const portNodes = ports.flatMap((text) => longPorts(text, at('--publish')));
  const volumeNodes = volumes.map((text) => longVolume(text, at('--volume')));
  const entries: [string, Node][] = [
    ['ports', list(portNodes, at('--publish'))],
    ['volumes', list(volumeNodes, at('--volume'))],
  ];
  const read = decodeService(mapping(entries, at('run')), 'run');
  const resolved = (read.volumes ?? []).map((volume) => {
    const { type, source } = volume;
    if (source === undefined) return volume;
    if (type === 'bind') return { ...volume, source: resolve(directory, source) };
    if (Object.hasOwn(project.volumes, source)) return volume;
    throw new DhowError('InvalidParameter', `--volume: "${source}" is not defined under volumes`);
  });
  return { ...read, volumes: resolved };
}

/** The command line as a place. */
function at(option: string): Place {
  return { file: option, line: 0, column: 0 };
}
