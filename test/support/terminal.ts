import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import tty from 'node:tty';
import { promisify } from 'node:util';
import { check, libc } from '#sys/libc.ts';
import { waitFor } from './wait-for.ts';

const grantpt = libc.func('int grantpt(int fd)');
const unlockpt = libc.func('int unlockpt(int fd)');
const ptsname_r = libc.func('int ptsname_r(int fd, _Out_ uint8_t *name, size_t size)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)');

const writeFile = promisify(fs.writeFile);

const TCGETS = 0x5401;
const TIOCSWINSZ = 0x5414;

/** A command that runs on a pseudo-terminal, as a person would use it. */
export interface Terminal extends AsyncDisposable {
  /** Everything that appeared on the screen. */
  readonly screen: string;
  /** Waits for a pattern in what appeared since the last match, and returns the match. */
  expect(pattern: RegExp): Promise<RegExpExecArray>;
  /** Types text; `\x03` is Ctrl-C. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** The terminal's attributes (kernel `struct termios`) as hexadecimal text: equal when restored. */
  attributes(): string;
  kill(signal: NodeJS.Signals): void;
  /** Waits for the command's end, and returns its exit code; -1 when a signal ended it. */
  exit(): Promise<number>;
}

/** Starts `command` as leader of a session whose controlling terminal is a new pty of 80 columns and 24 rows. */
export function startTerminal(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Terminal {
  const master = fs.openSync('/dev/ptmx', fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  check('grantpt', grantpt(master));
  check('unlockpt', unlockpt(master));
  const name = new Uint8Array(64);
  check('ptsname_r', ptsname_r(master, name, name.length));
  // Kept open here: attributes are read after the command has ended, and reads of the master do not fail meanwhile.
  const slave = fs.openSync(
    Buffer.from(name.subarray(0, name.indexOf(0))).toString(),
    fs.constants.O_RDWR | fs.constants.O_NOCTTY,
  );
  setSize(master, 80, 24);

  const child: ChildProcess = spawn('setsid', ['--ctty', command, ...args], {
    env: { ...process.env, ...environment },
    stdio: [slave, slave, slave],
  });
  let ended: { code: number } | undefined;
  const exit = once(child, 'exit').then(async ([code]) => {
    await drain();
    ended = { code: code ?? -1 };
  });
  const stream = new tty.ReadStream(master);
  let screen = '';
  let matched = 0;
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    screen += text;
  });
  stream.on('error', () => {});

  /** What the command has written comes before what is written now, and may come after the news of its end. */
  async function drain(): Promise<void> {
    const last = '\x00end of the screen\x00';
    await writeFile(slave, last);
    await waitFor('all that was written to the terminal', () => screen.includes(last));
    screen = screen.replace(last, '');
  }

  return {
    get screen() {
      return screen;
    },
    async expect(pattern) {
      try {
        return await waitFor(`${pattern} on the terminal`, () => {
          const match = pattern.exec(screen.slice(matched));
          if (match) matched += match.index + match[0].length;
          if (!match && ended) throw new Error('the command has ended');
          return match ?? undefined;
        });
      } catch (error) {
        throw new Error(
          `no ${pattern} in ${JSON.stringify(screen.slice(matched))}; before: ${JSON.stringify(screen.slice(0, matched))}`,
          {
            cause: error,
          },
        );
      }
    },
    type(text) {
      stream.write(text);
    },
    resize(columns, rows) {
      setSize(master, columns, rows);
    },
    attributes() {
      const termios = new Uint8Array(64);
      check('ioctl TCGETS', ioctl(slave, TCGETS, termios));
      return Buffer.from(termios.subarray(0, 36)).toString('hex');
    },
    kill(signal) {
      child.kill(signal);
    },
    async exit() {
      try {
        return (await waitFor('the command on the terminal to end', () => ended)).code;
      } catch (cause) {
        throw new Error(`the command goes on; screen: ${JSON.stringify(screen)}`, { cause });
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
      fs.closeSync(slave);
      stream.destroy();
    },
  };
}

function setSize(fd: number, columns: number, rows: number): void {
  const size = new Uint16Array([rows, columns, 0, 0]);
  check('ioctl TIOCSWINSZ', ioctl(fd, TIOCSWINSZ, new Uint8Array(size.buffer)));
}
