import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { outputOf } from './command.ts';
import { waitFor } from './wait-for.ts';

/** A systemd-journald of one's own: its sockets and its journal lie in a mount namespace that only it has. */
export interface Journal extends AsyncDisposable {
  /** Of the native protocol. */
  readonly socket: string;
  /** Of syslog, as `/dev/log` is on such a host. */
  readonly syslogSocket: string;
  /** What has been logged with these fields, in order, as journalctl's JSON gives it. */
  entries(matches: Readonly<Record<string, string>>): Promise<Record<string, string>[]>;
}

const script = `
mkdir -p /run/systemd /run/log
mount -t tmpfs tmpfs /run/systemd && mount -t tmpfs tmpfs /run/log
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
printf '[Journal]\\nRateLimitIntervalSec=0\\nReadKMsg=no\\nRuntimeMaxUse=512M\\n' >/run/systemd/journald.conf.d/test.conf
exec /lib/systemd/systemd-journald`;

export async function startJournal(): Promise<Journal> {
  const child = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const root = `/proc/${child.pid}/root`;
  const socket = `${root}/run/systemd/journal/socket`;
  await waitFor('journald to listen', () => fs.existsSync(socket));
  return {
    socket,
    syslogSocket: `${root}/run/systemd/journal/dev-log`,
    async entries(matches) {
      const filter = Object.entries(matches).map(([name, value]) => `${name}=${value}`);
      const lines = await outputOf('journalctl', [
        ...['--directory', `${root}/run/log/journal`, '--output', 'json', '--all', '--quiet', '--no-pager'],
        ...filter,
      ]);
      return lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
