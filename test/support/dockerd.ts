import fs from 'node:fs';
import path from 'node:path';
import { formatDifference, isClean, settle } from '../../tools/host-clean/compare.ts';
import { snapshotHost } from '../../tools/host-clean/snapshot.ts';
import { type Cli, createCli } from './cli.ts';
import { outputOf, runCommand } from './command.ts';
import { type DaemonProcess, startDaemonProcess } from './daemon-process.ts';
import type { Engine } from './engine.ts';
import { savePacketFilter } from './packet-filter.ts';
import { createScratch } from './scratch.ts';

const machineWide = ['/etc/docker/key.json', '/etc/docker', '/run/docker/plugins', '/run/docker'];
const forwarding = '/proc/sys/net/ipv4/ip_forward';

/**
 * Starts the machine's dockerd (with a containerd of its own) on private directories. Its bridge `docker0` and its iptables chains
 * have fixed names, so there can be only one at a time: this throws while another runs. Disposing puts back the packet filter,
 * the bridge and the sysctl, and throws when the host is not as it was.
 */
export async function startDockerd(extraArgs: readonly string[] = []): Promise<Engine> {
  if (fs.existsSync('/sys/class/net/docker0')) {
    throw new Error('docker0 exists: another dockerd runs here (or remove the link when none does)');
  }
  const before = snapshotHost();
  const restorePacketFilter = await savePacketFilter();
  const forwardingBefore = fs.readFileSync(forwarding, 'utf8');
  const foreign = machineWide.filter((file) => fs.existsSync(file));
  const scratch = createScratch();
  const socket = path.join(scratch.runDirectory, 'docker.sock');
  const logFile = path.join(scratch.directory, 'dockerd.log');
  const configDirectory = path.join(scratch.directory, 'config');
  fs.mkdirSync(configDirectory);
  const host = `unix://${socket}`;
  const args = [
    ['--host', host],
    ['--data-root', path.join(scratch.directory, 'data')],
    ['--exec-root', path.join(scratch.runDirectory, 'exec')],
    ['--pidfile', path.join(scratch.runDirectory, 'pid')],
    ['--config-file', path.join(configDirectory, 'daemon.json')],
    ['--cgroup-parent', `/dhow-test-${scratch.id}`],
    extraArgs,
  ].flat();
  fs.writeFileSync(path.join(configDirectory, 'daemon.json'), '{}');

  let daemon: DaemonProcess | undefined;
  const remove = async (): Promise<string> => {
    await daemon?.stop();
    const mentions = [`dhow-test-${scratch.id}`, 'docker0', 'DOCKER', 'docker-proxy', '/docker'];
    for (const line of snapshotHost()) {
      if (line.startsWith('mount ') && line.includes(`dhow-test-${scratch.id}`)) {
        await runCommand('umount', ['--lazy', line.slice(line.indexOf(' on ') + 4)]);
      }
      if (line.startsWith('process ') && line.includes(`dhow-test-${scratch.id}`)) {
        process.kill(Number(line.split(' ')[1]), 'SIGKILL');
      }
    }
    await runCommand('ip', ['link', 'delete', 'docker0']);
    await restorePacketFilter();
    fs.writeFileSync(forwarding, forwardingBefore);
    for (const file of machineWide.filter((name) => !foreign.includes(name))) {
      fs.rmSync(file, { recursive: true, force: true });
    }
    // Most specific first, as a directory with children cannot be removed.
    const cgroups = [...snapshotHost()].filter(
      (line) =>
        !before.has(line) && line.startsWith('cgroup ') && mentions.some((name) => line.includes(name)),
    );
    for (const line of cgroups.reverse()) {
      try {
        fs.rmdirSync(line.slice('cgroup '.length));
      } catch {
        // Busy: the check names it.
      }
    }
    scratch.remove();
    const left = await settle(before, { mentions });
    return isClean(left) ? '' : formatDifference(left);
  };

  try {
    daemon = await startDaemonProcess('dockerd', args, socket, logFile);
    // dockerd drops what other bridges of the host forward; tests of other networks may be running.
    await outputOf('iptables', ['--wait', '--policy', 'FORWARD', 'ACCEPT']);
  } catch (error) {
    await remove();
    throw error;
  }
  const cli = (name: Cli['name']): Cli => createCli(name, () => ({ host, configDirectory }));
  return {
    kind: 'dockerd',
    socket,
    host,
    directory: scratch.directory,
    pid: daemon.pid,
    cli,
    log: () => fs.readFileSync(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      const ids = (await cli('docker').out('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await cli('docker').run(['rm', '--force', '--volumes', ...ids]);
      const left = await remove();
      if (left !== '') throw new Error(`dockerd left something behind\n${left}`);
    },
  };
}
