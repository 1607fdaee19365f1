import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { readFirewall } from './firewall.ts';
import { readProcesses } from './processes.ts';
import { isServiceManagers } from './service-manager.ts';

/**
 * What a container engine can leave on a host, one line a thing. A line begins with its kind (`mount`, `link`, `nft`, `cgroup`,
 * `process`, `netns`, `file`, `route`, `rule`) and says enough to find the thing by hand.
 */
export type HostSnapshot = ReadonlySet<string>;

/** Where engines and tests keep files: listed two levels deep, by name only. */
const fileRoots = ['/run', '/tmp', '/var/lib', '/var/tmp'];
const fileNames = /^(dhow|archive-|network-test-|registry-|store-)/;

/** Reads the host's state. Takes a few tens of milliseconds: nothing is cached. */
export function snapshotHost(): HostSnapshot {
  return new Set([
    ...readMounts(),
    ...readLinks(),
    ...readRoutes(),
    ...readFirewall(),
    ...readCgroups(),
    ...readProcesses(),
    ...readFiles(),
  ]);
}

function readMounts(): string[] {
  return mountTable()
    .filter(({ target }) => !isServiceManagers(target))
    .map(({ root, target, type }) =>
      type === 'nsfs' ? `mount nsfs ${root} on ${target}` : `mount ${type} on ${target}`,
    );
}

function mountTable(): { root: string; target: string; type: string }[] {
  return fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const fields = before.split(' ');
      return {
        root: unescapeOctal(fields[3]),
        target: unescapeOctal(fields[4]),
        type: after.split(' ')[0] ?? '',
      };
    });
}

function unescapeOctal(text = ''): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function readLinks(): string[] {
  const links = json<{ ifname: string; master?: string; ifalias?: string }[]>('ip', ['-j', 'link', 'show']);
  const named = links.map(
    ({ ifname, master, ifalias }) =>
      `link ${ifname}${master ? ` (bridge ${master})` : ''}${ifalias ? ` (${ifalias})` : ''}`,
  );
  const namespaces = fs.existsSync('/run/netns') ? fs.readdirSync('/run/netns') : [];
  return [...named, ...namespaces.map((name) => `netns named ${name}`)];
}

function readRoutes(): string[] {
  const rules = ['-4', '-6'].flatMap((family) =>
    lines('ip', [family, 'rule', 'show']).map((rule) => `rule ${rule}`),
  );
  const routes = ['-4', '-6'].flatMap((family) =>
    lines('ip', [family, 'route', 'show', 'table', 'all'])
      // Flags of carrier and neighbour discovery come and go by themselves.
      .map((route) => `route ${route.replace(/ (linkdown|expires \S+)/g, '').trim()}`),
  );
  return [...rules, ...routes];
}

function readCgroups(): string[] {
  return mountTable()
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .flatMap(({ target }) => directoriesBelow(target))
    .filter((directory) => !isServiceManagers(directory))
    .map((directory) => `cgroup ${directory}`);
}

/** Directories only, and none that vanishes while it is read. */
function directoriesBelow(directory: string): string[] {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(directory, entry.name))
    .flatMap((child) => [child, ...directoriesBelow(child)]);
}

function readFiles(): string[] {
  const found: string[] = [];
  for (const root of fileRoots) {
    for (const name of list(root).filter((name) => fileNames.test(name))) {
      found.push(`file ${root}/${name}`);
      for (const child of list(`${root}/${name}`)) found.push(`file ${root}/${name}/${child}`);
    }
  }
  return found;
}

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

function lines(command: string, args: readonly string[]): string[] {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 })
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

function json<T>(command: string, args: readonly string[]): T {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 }));
}
