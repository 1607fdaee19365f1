import type { CliContext } from '#cli/context.ts';
import type { Inspected } from '#cli/output/inspect.ts';
import { containerType } from '#cli/output/types/container-types.ts';
import { imageType } from '#cli/output/types/image-types.ts';
import { networkType, volumeType } from '#cli/output/types/network-types.ts';
import type { ClientRequest } from '#client/client.ts';
import { readText } from '#client/read-body.ts';
import { DhowError } from '#errors/error.ts';

/** What the daemon knows of a container. Throws NotFound. */
export async function getContainer(context: CliContext, name: string, withSize = false): Promise<Inspected> {
  const path = `/containers/${pathPart('container', name)}/json`;
  const query = { size: withSize ? 1 : undefined };
  return {
    type: containerType,
    json: await get(context, path, query),
  };
}

export async function getImage(context: CliContext, name: string, platform?: string): Promise<Inspected> {
  const path = `/images/${escapeReference(name)}/json`;
  const query = { platform };
  return {
    type: imageType,
    json: await get(context, path, query),
  };
}

export async function getNetwork(context: CliContext, name: string, verbose = false): Promise<Inspected> {
  const path = `/networks/${pathPart('network', name)}`;
  const query = { verbose: verbose ? true : undefined };
  return {
    type: networkType,
    json: await get(context, path, query),
  };
}

export async function getVolume(context: CliContext, name: string): Promise<Inspected> {
  const path = `/volumes/${pathPart('volume', name)}`;
  return { type: volumeType, json: await get(context, path) };
}

/** No description of one object comes near to this. */
const maximumBytes = 64 * 1024 * 1024;

/** The body as it came: what is printed must have the daemon's order, escapes and digits. */
async function get(context: CliContext, path: string, query: ClientRequest['query'] = {}): Promise<string> {
  const response = await context.client.request({ method: 'GET', path, query }, context.signal);
  return readText(response.body, maximumBytes, 'refuse');
}

/** Throws InvalidParameter for an empty name, whose path would be that of the list. */
function pathPart(noun: string, name: string): string {
  if (name.trim() === '')
    throw new DhowError('InvalidParameter', `invalid ${noun} name or ID: value is empty`);
  return encodeURIComponent(name);
}

/** A reference as part of a path. Its slashes stay: the API's routes take them. */
function escapeReference(reference: string): string {
  if (reference.trim() === '')
    throw new DhowError('InvalidParameter', 'invalid image name or ID: value is empty');
  return reference.split('/').map(encodeURIComponent).join('/');
}
