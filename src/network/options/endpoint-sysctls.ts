import { DhowError } from '#errors/error.ts';

/**
 * What may be set of one interface; anything else would be another one's, or the whole namespace's. In small letters, because Docker's
 * command line writes all options so.
 */
const namePattern = /^net\.(ipv4|ipv6|mpls)\.(conf|neigh)\.(?:IFNAME|ifname)\.([a-z0-9_]+)$/;
const valuePattern = /^[\w.:/ -]{1,100}$/;

/**
 * Kernel parameters of an endpoint as paths below /proc/sys.
 * @param sysctls see `EndpointRequest.sysctls`
 * @throws InvalidParameter
 */
export function parseEndpointSysctls(
  sysctls: Readonly<Record<string, string>>,
  interfaceName: string,
): { path: string; value: string }[] {
  return Object.entries(sysctls).map(([name, value]) => {
    const [, protocol, kind, parameter] = namePattern.exec(name) ?? [];
    if (parameter === undefined) {
      throw new DhowError(
        'InvalidParameter',
        `invalid endpoint sysctl "${name.slice(0, 100)}": it must be of the form net.ipv4.conf.IFNAME.parameter`,
      );
    }
    if (!valuePattern.test(value)) {
      throw new DhowError(
        'InvalidParameter',
        `invalid value "${value.slice(0, 60)}" of endpoint sysctl ${name}`,
      );
    }
    return { path: `net/${protocol}/${kind}/${interfaceName}/${parameter}`, value };
  });
}
