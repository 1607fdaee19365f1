import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { duplicate } from '#sys/seqpacket.ts';

/** A listening socket that the service manager opened. */
export interface PassedSocket {
  fd: number;
  /** The descriptor's number when it was passed, from 3 on. */
  number: string;
  /** `FileDescriptorName=` of its unit. */
  name: string;
}

const firstDescriptor = 3;

/**
 * Takes the sockets that were passed to this process (sd_listen_fds(3)). Its children inherit neither them nor the variables that
 * tell of them.
 * @throws InvalidParameter when they are not there: the descriptors would be Node's own
 */
export function takePassedSockets(environment: NodeJS.ProcessEnv, pid: number): PassedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  if (LISTEN_PID !== String(pid) || !/^\d{1,4}$/.test(LISTEN_FDS ?? '')) return [];
  const names = LISTEN_FDNAMES.split(':');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => {
    const passed = firstDescriptor + index;
    if (!isSocket(passed)) {
      throw new DhowError(
        'InvalidParameter',
        `LISTEN_FDS=${LISTEN_FDS} promises a socket at descriptor ${passed}, where none is`,
      );
    }
    // The duplicate is closed by exec; what was passed is not.
    const fd = duplicate(passed);
    fs.closeSync(passed);
    return { fd, number: String(passed), name: names[index] ?? '' };
  });
}

function isSocket(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
