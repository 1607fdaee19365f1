import { defineCommand } from '#cli/command.ts';
import { getContainer } from '#cli/commands/system/find-object.ts';
import { compareNaturally } from '#cli/output/listings/names.ts';
import { joinHostPort } from '#cli/output/listings/ports.ts';
import { DhowError } from '#errors/error.ts';

type Bindings = Record<string, { HostIp: string; HostPort: string }[] | null>;

export const command = defineCommand({
  usage: ['CONTAINER [PRIVATE_PORT[/PROTO]]'],
  operands: { min: 1, max: 2 },
  options: {},
  async run(context, { operands }) {
    const [name = '', port] = operands;
    const { json } = await getContainer(context, name);
    const container = JSON.parse(json) as { NetworkSettings?: { Ports?: Bindings | null } | null };
    const lines = formatBindings(container.NetworkSettings?.Ports ?? {}, name, port);
    context.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return 0;
  },
});

/**
 * The published ports, one address a line: all as `80/tcp -> 0.0.0.0:8080`, or the addresses of one.
 * @throws NotFound when that one is not published; InvalidParameter when it is no port
 */
export function formatBindings(ports: Bindings, container: string, wanted: string | undefined): string[] {
  if (wanted !== undefined) {
    const [number = '', protocol = 'tcp'] = wanted.split('/');
    if (!/^\d+$/.test(number) || Number(number) > 65_535 || wanted.split('/').length > 2) {
      throw new DhowError(
        'InvalidParameter',
        `invalid port "${wanted}": expected a number up to 65535 and perhaps /tcp or /udp`,
      );
    }
    const bindings = ports[`${Number(number)}/${protocol.toLowerCase()}`];
    if (bindings === undefined || bindings === null) {
      throw new DhowError('NotFound', `Error: No public port '${wanted}' published for ${container}`);
    }
    return bindings.map(({ HostIp, HostPort }) => joinHostPort(HostIp, HostPort)).sort(compareNaturally);
  }
  return Object.entries(ports)
    .flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${port} -> ${joinHostPort(HostIp, HostPort)}`),
    )
    .sort(compareNaturally);
}
