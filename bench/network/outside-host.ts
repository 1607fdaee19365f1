import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { outputOf, runCommand } from '../../test/support/command.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Invocation } from '../measure.ts';

/** Another machine: a network namespace at the far end of a pair of interfaces. */
export interface OutsideHost extends AsyncDisposable {
  /** This machine's address on the network between the two. */
  readonly hostAddress: string;
  /** A program that runs there. */
  invoke(program: string, ...args: string[]): Invocation;
}

/** RFC 2544 sets these addresses aside for benchmarks. */
const hostAddress = '198.18.0.1';
const outsideAddress = '198.18.0.2';
const hostInterface = 'dhowbench0';

/** @throws when a run that was killed has left its interface */
export async function startOutsideHost(): Promise<OutsideHost> {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  const namespace = `/proc/${holder.pid}/ns/net`;
  const inside = (program: string, ...args: string[]): Invocation => ({
    program: 'nsenter',
    args: [`--net=${namespace}`, program, ...args],
    environment: {},
  });
  const remove = async (): Promise<void> => {
    holder.kill('SIGKILL');
    await runCommand('ip', ['link', 'delete', hostInterface]);
  };
  const ip = (...args: string[]): Promise<string> => outputOf('ip', args);
  const ipInside = (...args: string[]): Promise<string> => {
    const { program, args: all } = inside('ip', ...args);
    return outputOf(program, all);
  };
  try {
    const own = fs.readlinkSync('/proc/self/ns/net');
    await waitFor('a network namespace', () => fs.readlinkSync(namespace) !== own);
    const peer = ['peer', 'name', 'eth0', 'netns', String(holder.pid)];
    await ip('link', 'add', hostInterface, 'type', 'veth', ...peer);
    await ip('address', 'add', `${hostAddress}/30`, 'dev', hostInterface);
    await ip('link', 'set', hostInterface, 'up');
    await ipInside('link', 'set', 'lo', 'up');
    await ipInside('address', 'add', `${outsideAddress}/30`, 'dev', 'eth0');
    await ipInside('link', 'set', 'eth0', 'up');
    await ipInside('route', 'add', 'default', 'via', hostAddress);
  } catch (error) {
    await remove();
    throw error;
  }
  return { hostAddress, invoke: inside, [Symbol.asyncDispose]: remove };
}
