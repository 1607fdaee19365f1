import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type CommandOptions, type CommandResult, outputOf, runCommand } from '../support/command.ts';
import { createScratch } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';

/** systemd as the first process of namespaces that are like this machine, without its services and network. */
export interface Machine extends AsyncDisposable {
  run(command: string, ...args: string[]): Promise<CommandResult>;
  /** Of a command that must succeed, trimmed. */
  out(command: string, ...args: string[]): Promise<string>;
  /** A line for a shell; must succeed. */
  sh(script: string): Promise<string>;
}

export async function bootMachine(): Promise<Machine> {
  const scratch = createScratch();
  const unified = '/sys/fs/cgroup/unified';
  const cgroup = path.join(fs.existsSync(unified) ? unified : '/sys/fs/cgroup', `dhow-test-${scratch.id}`);
  fs.mkdirSync(cgroup);
  const boot = path.join(import.meta.dirname, 'boot');
  const namespaces = ['--mount', '--pid', '--cgroup', '--net', '--uts', '--ipc', '--fork', '--kill-child'];
  const script = `echo $$ >"$0/cgroup.procs" && exec "$@"`;
  const child = spawn('sh', ['-c', script, cgroup, 'unshare', ...namespaces, boot, scratch.directory], {
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  const firstProcess = (): string =>
    fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  const enter = (): string[] => ['-m', '-p', '-n', '-C', '-u', '-i', '--target', firstProcess()];
  const options: CommandOptions = {
    timeoutMs: 120_000,
    environment: { DOCKER_HOST: undefined, DHOW_HOST: undefined, DOCKER_CONTEXT: undefined },
  };
  const run: Machine['run'] = (...command) => runCommand('nsenter', [...enter(), ...command], options);
  await waitFor('systemd to be up', async () => {
    const { stdout } = await run('systemctl', 'is-system-running');
    return /^(running|degraded)$/m.test(stdout);
  });
  return {
    run,
    out: (...command) => outputOf('nsenter', [...enter(), ...command], options),
    sh: (line) => outputOf('nsenter', [...enter(), 'sh', '-c', line], options),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await waitFor('its processes to end', () => removeCgroups(cgroup));
      scratch.remove();
    },
  };
}

/** Whether they could be removed: not while processes are in them. */
function removeCgroups(directory: string): boolean {
  const children = fs.readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of children) removeCgroups(path.join(directory, name));
  fs.rmdirSync(directory);
  return true;
}
