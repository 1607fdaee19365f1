import { DhowError } from '#errors/error.ts';

interface SshTarget {
  user?: string;
  host: string;
  port?: string;
  /** Socket of the daemon there; the default of the command line there otherwise. */
  socketPath?: string;
}

/**
 * The arguments of the `ssh` that runs `dhow system dial-stdio` on another host, or Docker's command of the same name where there is no
 * Dhow. Names, keys and everything else are ssh's own business and configuration.
 *
 * @param host `ssh://[user@]host[:port][/path/of/socket]`
 * @throws InvalidParameter for another form
 */
export function sshCommand(host: string): string[] {
  return sshArguments(parseTarget(host));
}

function parseTarget(host: string): SshTarget {
  // Neither a user nor a host may be taken for an option of ssh.
  const [, user, bracketed, name = bracketed, port, path] =
    /^ssh:\/\/(?:([\w.][^@/\s]*)@)?(?:\[([0-9a-f:.%]+)\]|([\w][\w.-]*))(?::(\d{1,5}))?(\/[^\s]*)?$/i.exec(
      host,
    ) ?? [];
  if (name === undefined) {
    const hint = /:[^@/]*@/.test(host) ? ': plain-text password is not supported' : '';
    throw new DhowError(
      'InvalidParameter',
      `host "${host}" is not of the form ssh://[user@]host[:port][/path]${hint}`,
    );
  }
  if (user?.includes(':')) {
    throw new DhowError('InvalidParameter', `host "${host}": plain-text password is not supported`);
  }
  return {
    host: name,
    ...(user ? { user } : {}),
    ...(port ? { port } : {}),
    ...(path && path !== '/' ? { socketPath: decodeURIComponent(path) } : {}),
  };
}

function sshArguments({ user, host, port, socketPath }: SshTarget): string[] {
  const words = (program: string) =>
    `exec ${program}${socketPath === undefined ? '' : ` --host ${quote(`unix://${socketPath}`)}`} system dial-stdio`;
  const command = `if command -v dhow >/dev/null; then ${words('dhow')}; else ${words('docker')}; fi`;
  return [
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', port]),
    ...['-o', 'ConnectTimeout=30', '-T', '--', host],
    // Whatever shell the user has there.
    `sh -c ${quote(command)}`,
  ];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
