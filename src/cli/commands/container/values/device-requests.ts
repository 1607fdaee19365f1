import { parseDevice } from '#cli/commands/container/values/small-values.ts';
import { DhowError } from '#errors/error.ts';
import type { DeviceMapping, DeviceRequest } from '#wire/host-config.ts';

/** `--device`: a device of the host, or with `vendor.com/class=name` one that is described to the daemon (CDI). */
export function parseDeviceOption(text: string): { file: DeviceMapping } | { request: DeviceRequest } {
  const isQualified = /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w-]*=[a-zA-Z0-9][\w.:-]*$/.test(text);
  return isQualified ? { request: { Driver: 'cdi', DeviceIDs: [text] } } : { file: parseDevice(text) };
}

/** `all`, a number, or `device=0,capabilities=utility,driver=nvidia`; a value with commas of its own is quoted, as in a line of CSV. */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest & { Capabilities: string[][] } = { Count: 1, Capabilities: [['gpu']] };
  for (const field of splitFields(text)) {
    const [key = '', value] = field.split(/=(.*)/s);
    if (value === undefined) request.Count = parseCount(key);
    else if (key === 'count') request.Count = parseCount(value);
    else if (key === 'driver') request.Driver = value;
    else if (key === 'device') {
      request.DeviceIDs = value.split(',');
      delete request.Count;
    } else if (key === 'capabilities') request.Capabilities = [['gpu', ...value.split(',')]];
    else {
      throw new DhowError(
        'InvalidParameter',
        `unexpected key '${key}' in '${field}': expected count, device, driver or capabilities`,
      );
    }
  }
  return request;
}

function parseCount(text: string): number {
  if (text === 'all') return -1;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new DhowError(
    'InvalidParameter',
    `invalid count (${text}): value must be either "all" or an integer`,
  );
}

function splitFields(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}
