import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { DhowError } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

export interface DecompressorProgram {
  command: string;
  args: readonly string[];
  /** What to install when it is not there. */
  debianPackage: string;
}

/** Enough to name what is wrong. */
const maxSaid = 500;

/** A program of the machine that decompresses its standard input to its standard output, for formats that Node does not know. */
export class ProgramStream extends Duplex {
  readonly #program: DecompressorProgram;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #said = '';

  constructor(program: DecompressorProgram) {
    super();
    this.#program = program;
    const { command, args } = program;
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#child.once('error', (cause) => this.destroy(this.#startFailure(cause)));
    // A program that refuses its input ends before it has read all; its exit code tells.
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#child.stdout.pause();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk).slice(0, maxSaid);
    });
    this.#child.once('close', (code, signal) => {
      if (this.destroyed) return;
      if (code === 0) this.push(null);
      else this.destroy(this.#failure(code ?? signal));
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill('SIGKILL');
    done(error);
  }

  #failure(status: number | string | null): DhowError {
    const { command } = this.#program;
    const said = this.#said.trim().replace(/\s+/g, ' ');
    return new DhowError(
      'InvalidParameter',
      `the ${command} data is damaged or cut off: ${said || `${command} ended with ${status}`}`,
    );
  }

  #startFailure(cause: unknown): DhowError {
    const { command, debianPackage } = this.#program;
    return hasCode(cause, 'ENOENT')
      ? new DhowError(
          'Unsupported',
          `the archive is compressed with ${command}, which is not installed here (Debian's package ${debianPackage})`,
          { cause },
        )
      : new DhowError('Internal', `cannot run ${command}`, { cause });
  }
}
