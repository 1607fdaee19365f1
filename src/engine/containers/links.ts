import fs from 'node:fs';
import type { LinkSettings } from '#engine/container-settings.ts';
import { linkEnvironment } from '#engine/containers/link-environment.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import { hostnameOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { pathsOf } from '#engine/containers/paths.ts';
import { readHostsFile } from '#engine/containers/read-hosts-file.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import { editHosts } from '#network/host-files.ts';

/**
 * Links on the default network, where containers have no names: the linking container gets a line in its hosts file, and
 * variables. The line follows the target when it starts anew with another address; the variables do not, as in Docker.
 */
interface Link {
  alias: string;
  target: ContainerRecord;
  /** The target's, on the default network. */
  address: string;
}

/** At creation links name containers as the user did; settings keep ids. @throws InvalidParameter */
export function identifyLinks(context: ContainerContext, links: readonly LinkSettings[]): LinkSettings[] {
  return links.map(({ target, alias }) => {
    try {
      return { target: findContainer(context.table, target).id, alias };
    } catch (error) {
      throw new DhowError('InvalidParameter', `could not get container for ${target}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  });
}

/**
 * The links of a container, whose targets must run. A target that was removed has taken its link along.
 * @throws Conflict in Docker's words
 */
export function resolveLinks(context: ContainerContext, record: ContainerRecord): Link[] {
  return settingsOf(record).flatMap(({ target: id, alias }) => {
    const target = context.table.get(id);
    if (target === undefined) return [];
    if (!isLive(target)) {
      const condition = target.state.status === 'restarting' ? 'restarting' : 'non running';
      throw new DhowError(
        'Conflict',
        `Cannot link to a ${condition} container: /${target.name} AS ${nameOf(record, alias)}`,
      );
    }
    const address = addressOf(context, target);
    if (address !== undefined) return [{ alias, target, address }];
    throw new DhowError(
      'InvalidParameter',
      `Cannot link to /${target.name}, as it does not belong to the default network`,
    );
  });
}

/** The links whose targets run at present. */
function liveLinks(context: ContainerContext, record: ContainerRecord): Link[] {
  return settingsOf(record).flatMap(({ target: id, alias }) => {
    const target = context.table.get(id);
    const address = target && isLive(target) ? addressOf(context, target) : undefined;
    return target && address !== undefined ? [{ alias, target, address }] : [];
  });
}

/** A container that is not on the default network keeps its links, and they do nothing. */
function settingsOf(record: ContainerRecord): LinkSettings[] {
  const { host, networks } = record.settings;
  return networks.some(({ network }) => network === 'bridge') ? host.links : [];
}

function addressOf(context: ContainerContext, target: ContainerRecord): string | undefined {
  const endpoints = context.networks.endpointsOf(target.id);
  return endpoints.find(({ networkName }) => networkName === 'bridge')?.ipv4.address;
}

/** What processes of a container are told of the targets that run. Own variables of the same name win. */
export function linkVariables(context: ContainerContext, record: ContainerRecord): string[] {
  const own = new Set(record.effective.environment.map((variable) => variable.split('=', 1)[0]));
  return liveLinks(context, record)
    .flatMap(({ alias, target, address }) =>
      linkEnvironment({
        alias,
        name: nameOf(record, alias),
        address,
        exposedPorts: target.effective.exposedPorts,
        environment: target.effective.environment,
      }),
    )
    .filter((variable) => !own.has(variable.split('=', 1)[0]));
}

/** The lines of a container's hosts file: alias, hostname and name of each target. */
export function linkHosts(
  context: ContainerContext,
  record: ContainerRecord,
): { names: string[]; address: string }[] {
  return liveLinks(context, record).map(hostsEntry);
}

/** A container has started: those that link to it find it at its address from now on. */
export function followTarget(context: ContainerContext, target: ContainerRecord): void {
  const address = addressOf(context, target);
  if (address === undefined) return;
  for (const record of context.table.list()) {
    const links = record.settings.host.links.filter((link) => link.target === target.id);
    if (links.length === 0 || !isLive(record)) continue;
    const file = pathsOf(context.containersDirectory, record.id).hosts;
    try {
      const entries = links.map(({ alias }) => hostsEntry({ alias, target, address }));
      const text = editHosts(readHostsFile(file), {
        remove: (_address, names) => links.some(({ alias }) => names[0] === alias),
        add: entries,
      });
      fs.writeFileSync(file, text);
    } catch (error) {
      context.log.warn('hosts file of a linked container could not be changed', {
        container: record.id,
        error: messageOf(error),
      });
    }
  }
}

/** See `ContainerService.unlink`. */
export async function unlinkContainer(
  context: ContainerContext,
  nameOrId: string,
  alias: string,
): Promise<void> {
  const record = findContainer(context.table, nameOrId);
  using _lock = await context.locks.acquire(record.id);
  const { host } = record.settings;
  const link = host.links.find((each) => each.alias === alias);
  if (link === undefined) throw new DhowError('NotFound', `No such link: ${nameOf(record, alias)}`);
  const links = host.links.filter((each) => each !== link);
  record.settings = { ...record.settings, host: { ...host, links } };
  context.table.saveDefinition(record);
  if (isLive(record)) {
    const stillLinked = links.some(({ target }) => target === link.target);
    if (!stillLinked) await context.networks.unlink(record.id, link.target);
    const file = pathsOf(context.containersDirectory, record.id).hosts;
    const remove = (_address: string, [name]: readonly string[]) => name === alias;
    fs.writeFileSync(file, editHosts(readHostsFile(file), { remove, add: [] }));
  }
  await context.database.durable();
}

/** The links as inspect shows them: `/db:/web/alias`. */
export function viewLinks(context: Pick<ContainerContext, 'table'>, record: ContainerRecord): string[] {
  return record.settings.host.links.flatMap(({ target, alias }) => {
    const other = context.table.get(target);
    return other ? [`/${other.name}:${nameOf(record, alias)}`] : [];
  });
}

/** The names that containers have by others' links, such as `/web/alias`, by their ids. */
export function listLinkNames({ table }: Pick<ContainerContext, 'table'>): ReadonlyMap<string, string[]> {
  const names = new Map<string, string[]>();
  for (const record of table.list()) {
    for (const { target, alias } of record.settings.host.links) {
      names.set(target, [...(names.get(target) ?? []), nameOf(record, alias)]);
    }
  }
  return names;
}

function hostsEntry({ alias, target, address }: Link): { names: string[]; address: string } {
  return { names: [...new Set([alias, hostnameOf(target), target.name])], address };
}

function nameOf(record: ContainerRecord, alias: string): string {
  return `/${record.name}/${alias}`;
}
