/**
 * Removes what interrupted test runs left behind: processes, mounts, links, nft tables, cgroups and directories with the names that
 * test/support gives (`dhow-test-…`, `dhow_test_…`, bridges `dt…x<n>`), and the docker0 of a test's dockerd. Not to be run beside
 * running tests. Run: tools/node tools/sweep-tests.ts
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { type HostSnapshot, snapshotHost } from './host-clean/snapshot.ts';

const ours = /dhow[-_]test[-_]/;
const bridge = /^link (dt[0-9a-z]+x\d+)( |$)/;
const memberOfBridge = /^link (\S+?)(@\S+)? \(bridge dt[0-9a-z]+x\d+\)/;

function run(...command: string[]): void {
  const [program = '', ...args] = command;
  console.log(command.join(' '));
  spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function linesOf(snapshot: HostSnapshot, kind: string): string[] {
  return [...snapshot].filter((line) => line.startsWith(`${kind} `) && ours.test(line));
}

const before = snapshotHost();
const hadDockerd = linesOf(before, 'process').some((line) => / dockerd: /.test(line));
// The daemons first, so that nothing is started again; a second look finds what they leave orphaned.
for (const look of [before, snapshotHost()]) {
  for (const line of linesOf(look, 'process')) run('kill', '-KILL', line.split(' ')[1] ?? '');
}
for (const line of linesOf(snapshotHost(), 'mount').reverse())
  run('umount', '--lazy', line.slice(line.indexOf(' on ') + 4));
for (const line of before) {
  const link = memberOfBridge.exec(line)?.[1] ?? bridge.exec(line)?.[1];
  if (link !== undefined) run('ip', 'link', 'delete', link);
}
if (hadDockerd) {
  run('ip', 'link', 'delete', 'docker0');
  for (const family of ['ip', 'ip6']) {
    for (const table of ['filter', 'nat']) run('nft', 'delete', 'table', family, table);
  }
}
for (const line of linesOf(before, 'nft').filter((line) => line.startsWith('nft table '))) {
  run('nft', 'delete', 'table', ...line.split(' ').slice(2));
}
for (const line of linesOf(snapshotHost(), 'cgroup').reverse()) run('rmdir', line.slice('cgroup '.length));
// Besides the directories of tests, what their daemons have claimed (see src/network): of one that was killed it keeps nobody out.
const leftover = /^dhow-(test-|bridge-dt[0-9a-z]+x\d+-|table-dhow_test_)/;
for (const root of ['/run', '/tmp']) {
  for (const name of fs.readdirSync(root).filter((name) => leftover.test(name))) {
    console.log(`rm -r ${root}/${name}`);
    fs.rmSync(`${root}/${name}`, { recursive: true, force: true });
  }
}
