import { mapOf, sliceOf, stringType } from '#cli/output/template/value.ts';
import { field, struct } from '#cli/output/types/fields.ts';

const portBinding = struct('nat.PortBinding', [
  field('HostIP', stringType, 'HostIp'),
  field('HostPort', stringType),
]);

/** Container port (`80/tcp`) to the host addresses that it is published on. */
export const portMapType = mapOf(sliceOf(portBinding), 'nat.PortMap');
