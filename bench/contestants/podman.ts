import fs from 'node:fs';
import path from 'node:path';
import { baseRootfs } from '../../test/support/base-image.ts';
import { outputOf, runCommand } from '../../test/support/command.ts';
import { savePacketFilter } from '../../test/support/packet-filter.ts';
import { type BenchEngine, contestantNames } from '../contestants.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';
/** What netavark calls the bridge of podman's default network. */
const bridge = 'podman0';

/**
 * Debian's podman on storage of its own, with what its packages choose (netavark, crun, overlayfs) but for the three things that need systemd, which
 * a benchmark must not count on: cgroupfs and files in place of systemd's scopes and journal.
 * @throws when another podman's default network is up, because the bridge's name is fixed
 */
export async function startPodman(directory: string, runDirectory: string): Promise<BenchEngine> {
  if (fs.existsSync(`/sys/class/net/${bridge}`)) {
    throw new Error(`${bridge} exists: another podman runs here (or remove the link when none does)`);
  }
  const restorePacketFilter = await savePacketFilter();
  const forwardingBefore = fs.readFileSync(forwarding, 'utf8');
  const own = path.join(directory, 'podman');
  const run = path.join(runDirectory, 'podman');
  for (const made of [own, run]) fs.mkdirSync(made);
  fs.writeFileSync(
    path.join(own, 'containers.conf'),
    [
      '[engine]',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      `tmp_dir = "${run}/tmp"`,
      `volume_path = "${own}/volumes"`,
      '[containers]',
      'log_driver = "k8s-file"',
      `default_ulimits = [${ownLimits()}]`,
      '[network]',
      'network_backend = "netavark"',
      `network_config_dir = "${own}/networks"`,
      '',
    ].join('\n'),
  );
  fs.writeFileSync(
    path.join(own, 'storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${own}/storage"\nrunroot = "${run}/storage"\n`,
  );
  const environment = {
    CONTAINERS_CONF: path.join(own, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: path.join(own, 'storage.conf'),
    CONTAINER_HOST: undefined,
  };
  const podman = (...args: string[]): Promise<string> =>
    outputOf('podman', args, { environment, timeoutMs: 300_000 });

  const remove = async (): Promise<void> => {
    await runCommand('podman', ['rm', '--all', '--force', '--time', '0'], {
      environment,
      timeoutMs: 300_000,
    });
    await runCommand('ip', ['link', 'delete', bridge]);
    await restorePacketFilter();
    fs.writeFileSync(forwarding, forwardingBefore);
    await runCommand('umount', ['--lazy', path.join(own, 'storage/overlay')]);
  };
  try {
    await podman('import', await baseRootfs(), 'localhost/busybox');
    const [version, runtime, backend] = (
      await podman(
        'info',
        '--format',
        '{{.Version.Version}} {{.Host.OCIRuntime.Name}} {{.Host.NetworkBackend}}',
      )
    ).split(' ');
    return {
      name: 'podman',
      description: `podman ${version} with conmon and ${runtime}, its default bridge by ${backend}`,
      cli: {
        name: contestantNames.podman,
        invoke: (...args) => ({ program: 'podman', args, environment }),
      },
      isDaemon: () => false,
      isHelper: ({ name, commandLine }) =>
        ['conmon', 'aardvark-dns', 'netavark'].includes(name) && commandLine.includes(run),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Without CAP_SYS_RESOURCE, podman's own defaults are above what root may have, and nothing starts. It also lowers its
 * own limit of processes to 32768 before it starts anything.
 */
function ownLimits(): string {
  const limits = fs.readFileSync('/proc/self/limits', 'utf8');
  const hard = (title: string): number =>
    Number(new RegExp(`^${title} +\\S+ +(\\d+)`, 'm').exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const files = Math.min(hard('Max open files'), 1_048_576);
  const processes = Math.min(hard('Max processes'), 32_768);
  return `"nofile=${files}:${files}", "nproc=${processes}:${processes}"`;
}
