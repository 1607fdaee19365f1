import { DhowError } from '#errors/error.ts';
import { formatIp, type IpAddress } from '#network/addresses/ip.ts';
import type { PublishedPortRequest } from '#network/network.ts';
import { findListener } from '#network/ports/find-listener.ts';
import type { PortTable } from '#network/tables/ports.ts';

/** No port of the request was free; carries what is needed to say who has it. */
export class PortTaken extends Error {
  readonly request: PublishedPortRequest;
  readonly address: IpAddress;

  constructor(request: PublishedPortRequest, address: IpAddress) {
    super(`port ${request.hostPort}/${request.protocol} is taken`);
    this.name = 'PortTaken';
    this.request = request;
    this.address = address;
  }
}

/** The user's error for a taken port, in Docker's words, and who has it. */
export async function describeTaken(
  taken: PortTaken,
  table: PortTable,
  container: { name: string; endpointId: string },
): Promise<DhowError> {
  const { request, address } = taken;
  const single = request.hostPort !== 0 && request.hostPort === request.hostPortEnd;
  const where = single ? `${request.hostPort}` : `${request.hostPort}-${request.hostPortEnd}`;
  const problem = single ? 'port is already allocated' : 'all ports are allocated';
  const holder = single ? await describeHolder(taken, table) : '';
  const host = address.family === 6 ? `[${formatIp(address)}]` : formatIp(address);
  return new DhowError(
    'Conflict',
    `driver failed programming external connectivity on endpoint ${container.name} (${container.endpointId}): ` +
      `Bind for ${host}:${where} failed: ${problem}${holder}`,
    { reason: 'port-in-use', cause: taken },
  );
}

async function describeHolder({ request, address }: PortTaken, table: PortTable): Promise<string> {
  const { protocol, hostPort } = request;
  const holder = table.holder({ protocol, hostPort, hostAddress: formatIp(address) });
  if (holder) return ` (by container "${holder.containerName}")`;
  const listener = await findListener({ protocol, hostPort });
  return listener ? ` (by process ${listener.pid}, ${listener.command})` : ' (by a process of the host)';
}
