import type { DeviceRequest } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';
import { listCdiDevices, readDeviceEdits } from '#runtime/cdi.ts';
import type { DeviceEdits } from '#runtime/device-edits.ts';

/** Graphics processors are those of the one kind that Docker's own words (`--gpus`) mean. */
const gpuKind = 'nvidia.com/gpu';

/**
 * What the devices that were asked for change in the container: those named by CDI, and GPUs as NVIDIA's toolkit describes them.
 * @throws InvalidParameter when there are no such devices, or nobody knows the driver
 */
export async function findDeviceEdits(
  directories: readonly string[],
  requests: readonly DeviceRequest[],
): Promise<DeviceEdits | undefined> {
  if (requests.length === 0) return undefined;
  const names: string[] = [];
  for (const request of requests) {
    if (request.driver === 'cdi') names.push(...request.ids);
    else names.push(...(await gpuNames(directories, request)));
  }
  return readDeviceEdits(directories, names);
}

async function gpuNames(directories: readonly string[], request: DeviceRequest): Promise<string[]> {
  const { driver, count, ids, capabilities } = request;
  const asks = (name: string) => capabilities.some((all) => all.includes(name));
  const refusal = `could not select device driver "${driver}" with capabilities: [${capabilities
    .map((all) => `[${all.join(' ')}]`)
    .join(' ')}]`;
  if (driver !== 'nvidia' && !(driver === '' && (asks('gpu') || asks('nvidia')))) {
    throw new DhowError('InvalidParameter', refusal);
  }
  const known = await listCdiDevices(directories);
  if (!known.some((name) => name.startsWith(`${gpuKind}=`))) {
    throw new DhowError(
      'InvalidParameter',
      `${refusal}: no file in ${directories.join(' or ')} describes ${gpuKind} (make one: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml)`,
    );
  }
  if (ids.length > 0) return ids.map((id) => `${gpuKind}=${id}`);
  if (count === -1) return [`${gpuKind}=all`];
  return Array.from({ length: count }, (_, index) => `${gpuKind}=${index}`);
}
