/**
 * Runs a command and fails when the host is not afterwards as it was: mounts, links, namespaces, nft objects, cgroups, processes,
 * routes, and Dhow's files. Run: tools/node tools/check-host-clean.ts COMMAND [ARG…]
 * Without a command it prints what it would compare.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { formatDifference, isClean, settle } from './host-clean/compare.ts';
import { snapshotHost } from './host-clean/snapshot.ts';

const [command, ...args] = process.argv.slice(2);
const before = snapshotHost();
if (command === undefined) {
  console.log([...before].sort().join('\n'));
} else {
  const child = spawn(command, args, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  const [code, signal] = await once(child, 'exit');
  process.exitCode = signal === null ? code : 1;
  const difference = await settle(before);
  if (!isClean(difference)) {
    console.error(
      `check-host-clean: the host is not as it was before ${command} (or something else changed it meanwhile)\n${formatDifference(difference)}`,
    );
    process.exitCode ||= 1;
  }
}
