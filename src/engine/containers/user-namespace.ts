import fs from 'node:fs';
import type { HostSettings } from '#engine/container-settings.ts';
import { findContainer, isLive, requireRunning } from '#engine/containers/lookup.ts';
import { networkNameOf, networkOwner } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';
import type { SpecInput } from '#runtime/spec.ts';
import { type IdMapping, readIdMapping, rootOutside, sameMapping } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';
import { createUserNamespace } from '#sys/user-namespace.ts';

/** The ids of a container: those that it runs with, else those that it would be started with. undefined: the host's own. */
export function idMappingOf(
  context: Pick<ContainerContext, 'idMapping'>,
  record: ContainerRecord,
): IdMapping | undefined {
  const { state, settings } = record;
  if (isLive(record) && 'pid' in state) {
    try {
      return readIdMapping(state.pid);
    } catch (error) {
      // It has just ended.
      if (!hasCode(error, 'ENOENT', 'ESRCH')) throw error;
    }
  }
  return idMappingFor(context, settings.host);
}

/** The ids that a container is started with. */
export function idMappingFor(
  { idMapping }: Pick<ContainerContext, 'idMapping'>,
  host: HostSettings,
): IdMapping | undefined {
  return host.usernsMode === 'host' ? undefined : idMapping;
}

/** @throws InvalidParameter, in Docker's words, for what a container with ids of its own cannot have */
export function refuseWithUserNamespace(
  context: Pick<ContainerContext, 'idMapping'>,
  host: HostSettings,
): void {
  if (idMappingFor(context, host) === undefined) return;
  if (host.security.privileged) throw privilegedRefusal();
  if (networkNameOf(host.networkMode) === 'host') throw hostNetworkRefusal();
  if (host.pidMode === 'host') {
    throw new DhowError(
      'InvalidParameter',
      'cannot share the host PID namespace when user namespaces are enabled',
    );
  }
}

export function privilegedRefusal(): DhowError {
  return new DhowError(
    'InvalidParameter',
    'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
  );
}

export function hostNetworkRefusal(): DhowError {
  return new DhowError(
    'InvalidParameter',
    "cannot share the host's network namespace when user namespaces are enabled",
  );
}

interface OpenUserNamespace {
  /** For the spec. */
  joined: NonNullable<SpecInput['userNamespace']>;
  /** A fresh network namespace of it, for `createSandbox`; absent when the namespace is another container's. */
  networkFd?: number;
}

/**
 * The user namespace that a container is to be started in: that of the container whose network it shares, else a fresh one.
 * @param files closes what is open until the container's process is in the namespace
 * @throws Conflict when another one has other ids; Unsupported when its network is not shared; SystemError
 */
export function openUserNamespace(
  context: ContainerContext,
  record: ContainerRecord,
  files: DisposableStack,
): OpenUserNamespace | undefined {
  const { host } = record.settings;
  const mapping = idMappingFor(context, host);
  const owner = networkOwner(context, host.networkMode);
  for (const mode of [host.networkMode, host.pidMode, host.ipcMode]) {
    if (!mode.startsWith('container:')) continue;
    const other = findContainer(context.table, mode.slice('container:'.length));
    requireSameIds(other.name, requireRunning(other), mapping);
    if (mapping !== undefined && other !== owner) throw needsNetwork(other.name);
  }
  if (mapping === undefined) return undefined;
  if (owner !== undefined) {
    return { joined: { path: `/proc/${requireRunning(owner)}/ns/user`, mapping } };
  }
  return createOwnNamespace(mapping, files);
}

/** A process is in one user namespace, and the network of a container belongs to its own. */
function needsNetwork(name: string): DhowError {
  return new DhowError(
    'Unsupported',
    `with user namespaces, who shares a namespace with the container ${name} must share its network as well: add --network container:${name}, or start both with --userns host`,
  );
}

/** A fresh one. @param files closes what is open, as above */
export function createOwnNamespace(mapping: IdMapping, files: DisposableStack): Required<OpenUserNamespace> {
  const { userFd, networkFd } = createUserNamespace(mapping);
  files.defer(() => fs.closeSync(userFd));
  return { joined: { path: `/proc/${process.pid}/fd/${userFd}`, mapping }, networkFd };
}

/** Gives a file to the root of a user namespace. */
export function chownToRoot(file: string, mapping: IdMapping): void {
  const { uid, gid } = rootOutside(mapping);
  fs.chownSync(file, uid, gid);
}

/** @throws Conflict when a running container has other ids than who shall share a namespace with it */
export function requireSameIds(name: string, pid: number, mapping: IdMapping | undefined): void {
  if (sameMapping(readIdMapping(pid), mapping)) return;
  throw new DhowError(
    'Conflict',
    `cannot share a namespace with the container ${name}, which runs with other ids in another user namespace: start both with the same --userns`,
  );
}
