import os from 'node:os';
import koffi, { type KoffiFunc } from 'koffi';

/**
 * The C library, opened once. The files of this room declare the functions that they need with
 * `libc.func(prototype)`; calls are synchronous and cost about 0.2 µs plus the system call.
 */
export const libc = koffi.load('libc.so.6');

const errnos = new Map(Object.entries(os.constants.errno));
/** Two numbers have two names, EAGAIN and ENOTSUP; the first one is Node's. */
const errnoNames = new Map([...errnos].reverse().map(([name, number]) => [number, name]));

/** A failed system call. `code` is the errno name ("ENOENT"), as in Node's own errors. */
export class SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, subject?: string) {
    const code = errnoNames.get(errno) ?? `errno ${errno}`;
    super(subject === undefined ? `${syscall}: ${code}` : `${syscall} ${subject}: ${code}`);
    this.name = 'SystemError';
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** errno of the last failed call on this thread; read it before anything else runs. */
export function lastErrno(): number {
  return koffi.errno();
}

/**
 * Returns a call's result, or throws SystemError when it is -1.
 * `subject` names what was worked on (a path, a device) for the message.
 */
export function check(syscall: string, result: number, subject?: string): number {
  if (result === -1) throw new SystemError(syscall, lastErrno(), subject);
  return result;
}

/** Whether `error` is a failed system call (ours or Node's) with this errno name, or with another name of the same number. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const code = nodeName(String(error.code));
  return codes.some((name) => nodeName(name) === code);
}

function nodeName(name: string): string {
  return errnoNames.get(errnos.get(name) ?? Number.NaN) ?? name;
}

/**
 * Calls a function of the C library in a thread of Node's pool. errno belongs to that thread and cannot be read afterwards.
 *
 * koffi does not keep the buffers among the arguments from the garbage collector until the call is over; this does.
 * (Without it, posix_spawn read flags that nobody had set, once in 15,000 calls.)
 */
export function callInBackground(
  target: KoffiFunc<(...args: never[]) => number>,
  ...args: readonly unknown[]
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let held: readonly unknown[] | undefined = args;
  target.async(...(held as never[]), (error: Error | null, result: number) => {
    held = undefined;
    if (error) reject(error);
    else resolve(Number(result));
  });
  return promise;
}
