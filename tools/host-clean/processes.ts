import fs from 'node:fs';
import { unitOf } from './service-manager.ts';

const engineCommands = new Set([
  'conmon',
  'crun',
  'runc',
  'dockerd',
  'containerd',
  'containerd-shim',
  'containerd-shim-runc-v2',
  'docker-proxy',
  'docker-registry',
  'podman',
  'netavark',
  'aardvark-dns',
]);

/** Command line of Dhow's daemon, run from the bundle or from source. */
const daemonCommandLine = /\/(dist\/daemon\.mjs|src\/daemon\/main\.ts)( |$)/;

/**
 * Processes of engines, everything that runs in a PID or network namespace other than ours, and those network namespaces.
 * Zombies are left out: they hold nothing, and reaping them is their parent's work. So are the processes of other units of systemd.
 */
export function readProcesses(): string[] {
  const ours = {
    pid: namespaceOf('self', 'pid'),
    net: namespaceOf('self', 'net'),
    unit: unitOf(fs.readFileSync('/proc/self/cgroup', 'utf8')),
  };
  const found = new Set<string>();
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const process = readProcess(pid);
    if (!process || (process.unit !== undefined && process.unit !== ours.unit)) continue;
    const { command, commandLine, pidNamespace, netNamespace } = process;
    const contained = pidNamespace !== ours.pid || netNamespace !== ours.net;
    if (contained || engineCommands.has(command) || daemonCommandLine.test(commandLine)) {
      found.add(`process ${pid} ${command}: ${commandLine}`);
    }
    if (netNamespace !== ours.net) found.add(`netns ${netNamespace} held by process ${pid} ${command}`);
  }
  return [...found];
}

interface ProcessFacts {
  command: string;
  commandLine: string;
  pidNamespace: string;
  netNamespace: string;
  unit: string | undefined;
}

/** `undefined` for kernel threads, zombies and processes that end meanwhile. */
function readProcess(pid: string): ProcessFacts | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2);
    const commandLine = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    if (/^[ZX]/.test(afterName) || commandLine === '') return undefined;
    return {
      command: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      commandLine: commandLine.slice(0, 400),
      pidNamespace: namespaceOf(pid, 'pid'),
      netNamespace: namespaceOf(pid, 'net'),
      unit: unitOf(fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8')),
    };
  } catch {
    return undefined;
  }
}

function namespaceOf(pid: string, kind: 'pid' | 'net'): string {
  return fs.readlinkSync(`/proc/${pid}/ns/${kind}`);
}
