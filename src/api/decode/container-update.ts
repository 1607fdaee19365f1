import { Fields } from '#api/decode/fields.ts';
import { decodePortBindings, decodePortPatterns } from '#api/decode/ports.ts';
import { type CurrentMemory, decodeResources } from '#api/decode/resources.ts';
import { decodeRestartPolicy } from '#api/decode/restart-policy.ts';
import type { RestartPolicy } from '#engine/container-settings.ts';
import type { PortPattern } from '#engine/containers.ts';
import type { PublishedPortRequest } from '#network/network.ts';
import type { ResourceSettings } from '#runtime/spec.ts';

/** What of `Resources` can change only by creating the container anew. */
const fixed = [
  'Devices',
  'DeviceCgroupRules',
  'Ulimits',
  'Init',
  'CgroupParent',
  'OomKillDisable',
  'MemorySwappiness',
];

/**
 * Body of `POST /containers/{id}/update`: the fields that are not at their default, as changes. `PublishAdd` and
 * `PublishRemove` are Dhow's own, in the form of `PortBindings`.
 * @throws InvalidParameter, Unsupported
 */
export function decodeContainerUpdate(
  body: unknown,
  current: CurrentMemory,
): {
  resources: Partial<ResourceSettings>;
  restartPolicy?: RestartPolicy;
  ports?: { add: PublishedPortRequest[]; remove: PortPattern[] };
} {
  const fields = Fields.of(body);
  fields.refuse(fixed, 'cannot be updated: create the container anew');
  const { deviceCgroupRules: _none, ...limits } = decodeResources(fields, current);
  const resources: Partial<ResourceSettings> = limits;
  if (fields.integer('MemorySwap') === 0) delete resources.memorySwapBytes;
  const pidsLimit = fields.optionalInteger('PidsLimit');
  if (pidsLimit !== undefined) resources.pidsLimit = pidsLimit;
  const policy = fields.object('RestartPolicy');
  const add = decodePortBindings(fields, 'PublishAdd');
  const remove = decodePortPatterns(fields, 'PublishRemove');
  return {
    resources,
    ...(add.length + remove.length === 0 ? {} : { ports: { add, remove } }),
    ...(policy.text('Name') === '' ? {} : { restartPolicy: decodeRestartPolicy(policy) }),
  };
}
