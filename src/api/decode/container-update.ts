import { Fields } from '#api/decode/fields.ts';
import { type CurrentMemory, decodeResources } from '#api/decode/resources.ts';
import { decodeRestartPolicy } from '#api/decode/restart-policy.ts';
import type { RestartPolicy } from '#engine/container-settings.ts';
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
 * Body of `POST /containers/{id}/update`: the fields that are not at their default, as changes.
 * @throws InvalidParameter, Unsupported
 */
export function decodeContainerUpdate(
  body: unknown,
  current: CurrentMemory,
): {
  resources: Partial<ResourceSettings>;
  restartPolicy?: RestartPolicy;
} {
  const fields = Fields.of(body);
  fields.refuse(fixed, 'cannot be updated: create the container anew');
  const { deviceCgroupRules: _none, ...limits } = decodeResources(fields, current);
  const resources: Partial<ResourceSettings> = limits;
  if (fields.integer('MemorySwap') === 0) delete resources.memorySwapBytes;
  const pidsLimit = fields.optionalInteger('PidsLimit');
  if (pidsLimit !== undefined) resources.pidsLimit = pidsLimit;
  const policy = fields.object('RestartPolicy');
  return { resources, ...(policy.text('Name') === '' ? {} : { restartPolicy: decodeRestartPolicy(policy) }) };
}
