import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import type { PublishedPort } from '#network/network.ts';

export interface Listener {
  pid: number;
  command: string;
}

/** More processes or descriptors than this are not looked through: the answer only improves an error message. */
const maximumProcesses = 5000;
const maximumDescriptors = 4096;

const LISTEN = '0A';

/** The process of the host that uses a port, found through /proc; undefined when it cannot be told. */
export async function findListener(
  port: Pick<PublishedPort, 'protocol' | 'hostPort'>,
): Promise<Listener | undefined> {
  if (port.protocol === 'sctp') return undefined;
  const tables = [port.protocol, `${port.protocol}6`].map(readSocketTable);
  const inodes = new Set(tables.flatMap((table) => inodesOf(table, port)));
  return inodes.size === 0 ? undefined : findOwner(inodes);
}

/**
 * Synchronous: /proc/net is the main thread's network namespace, which is a sandbox's for moments; a thread of the
 * pool could look during one.
 */
function readSocketTable(name: string): string {
  try {
    return readFileSync(`/proc/thread-self/net/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Inodes of the sockets bound to the port, from the text of /proc/net/tcp and its siblings. */
function inodesOf(table: string, port: Pick<PublishedPort, 'protocol' | 'hostPort'>): string[] {
  const suffix = `:${port.hostPort.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && (port.protocol === 'udp' || fields[3] === LISTEN))
    .map((fields) => fields[9] ?? '')
    .filter((inode) => inode !== '' && inode !== '0');
}

async function findOwner(inodes: ReadonlySet<string>): Promise<Listener | undefined> {
  const names = await fs.readdir('/proc');
  const pids = names.filter((name) => /^\d+$/.test(name)).slice(0, maximumProcesses);
  for (const pid of pids) {
    // Processes and descriptors come and go while we look.
    const descriptors = await fs.readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors.slice(0, maximumDescriptors)) {
      const target = await fs.readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (!inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')) continue;
      const command = await fs.readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?');
      return { pid: Number(pid), command: command.trim() };
    }
  }
  return undefined;
}
