import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** Program → Debian package that brings it. netavark and aardvark-dns only serve podman and lie outside of PATH. */
const needed: Readonly<Record<string, string>> = {
  '/usr/sbin/dockerd': 'docker.io',
  '/usr/bin/podman': 'podman',
  '/usr/lib/podman/netavark': 'netavark',
  '/usr/lib/podman/aardvark-dns': 'aardvark-dns',
  '/usr/bin/conmon': 'conmon',
  '/usr/bin/crun': 'crun',
  '/usr/sbin/iptables': 'iptables',
  '/usr/bin/iperf3': 'iperf3',
};
/** invoke-rc.d asks it before it starts a service. */
const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Installs what is missing, without starting services. Disposing removes exactly the packages that this brought.
 * @throws with apt's words when it cannot
 */
export function installPackages(): Disposable {
  const wanted = new Set(
    Object.keys(needed).flatMap((file) => (fs.existsSync(file) ? [] : (needed[file] ?? []))),
  );
  if (wanted.size === 0) return { [Symbol.dispose]() {} };
  const install = ['install', '-y', '--no-install-recommends', ...wanted];
  const planned = run('apt-get', ['--simulate', ...install]);
  // `Inst name [installed version] (…)`: what has a version already is upgraded and not ours to remove.
  const brought = [...planned.matchAll(/^Inst (\S+) \(/gm)].map((match) => match[1] ?? '');
  const ownPolicy = !fs.existsSync(policyFile);
  if (ownPolicy) fs.writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run('apt-get', install);
  } finally {
    if (ownPolicy) fs.rmSync(policyFile);
  }
  return {
    [Symbol.dispose]() {
      run('apt-get', ['purge', '-y', ...brought]);
    },
  };
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
}
