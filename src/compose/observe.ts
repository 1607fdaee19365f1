import type { Client } from '#client/client.ts';
import { listContainers } from '#client/containers.ts';
import { listNetworks } from '#client/networks.ts';
import { listVolumes } from '#client/volumes.ts';
import { label } from '#compose/labels.ts';
import type { ContainerSummary } from '#wire/containers.ts';
import type { Network } from '#wire/networks.ts';
import type { Volume } from '#wire/volumes.ts';

/** A container of a project, whichever tool made it. */
export interface ServiceContainer {
  readonly id: string;
  /** Without the slash in front. */
  readonly name: string;
  readonly service: string;
  /** From 1 on. */
  readonly number: number;
  /** Made by `run`: it counts neither for the scale nor for what others depend on. */
  readonly oneOff: boolean;
  /** `running`, `exited`, `created`, `paused`, `restarting`, … */
  readonly state: string;
  readonly summary: ContainerSummary;
}

/** What the daemon has: the project's containers, and all networks and volumes. */
export interface Observed {
  readonly containers: readonly ServiceContainer[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
}

/** Errors are as `Client.request` says. */
export async function observeProject(client: Client, name: string, signal?: AbortSignal): Promise<Observed> {
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    observeContainers(client, name, signal),
    listNetworks(client, undefined, signal),
    listVolumes(client, undefined, signal),
  ]);
  return { containers, networks, volumes: volumes ?? [] };
}

/** All containers of a project, in the order of services and numbers. */
export async function observeContainers(
  client: Client,
  project: string,
  signal?: AbortSignal,
): Promise<ServiceContainer[]> {
  const filters = { label: [`${label.project}=${project}`] };
  const rows = await listContainers(client, { all: true, filters }, signal);
  return rows
    .map(readContainer)
    .sort((a, b) => compare(a.service, b.service) || a.number - b.number || compare(a.name, b.name));
}

function readContainer(summary: ContainerSummary): ServiceContainer {
  const { Id: id, Names: names, Labels: labels, State: state } = summary;
  return {
    id,
    // A name with a slash inside is how another container calls this one by a link.
    name: names.map((name) => name.slice(1)).find((name) => !name.includes('/')) ?? id,
    service: labels[label.service] ?? '',
    number: Number(labels[label.number] ?? 1),
    oneOff: labels[label.oneOff] === 'True',
    state,
    summary,
  };
}

export function isActive({ state }: ServiceContainer): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
