import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';

/** A program with arguments and environment, as a person would start it. */
export interface Invocation {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where the commands' error output goes: a file costs them nothing, and a failure can be explained. */
let errorOutput: { readonly file: string; readonly fd: number } | undefined;

/** `directory` must exist; call it once, before the first measurement. */
export function openErrorOutput(directory: string): Disposable {
  const file = path.join(directory, 'stderr');
  const opened = { file, fd: fs.openSync(file, 'a') };
  errorOutput = opened;
  return {
    [Symbol.dispose]() {
      fs.closeSync(opened.fd);
      errorOutput = undefined;
    },
  };
}

/** Milliseconds from the start of the program to its end. @throws with the end of its error output when it fails */
export async function timeCommand({ program, args, environment }: Invocation): Promise<number> {
  const started = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', errorOutput?.fd ?? 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  const took = performance.now() - started;
  if (code === 0) return took;
  const said = errorOutput ? fs.readFileSync(errorOutput.file, 'utf8').slice(-2000) : '';
  throw new Error(`${[program, ...args].join(' ')} ended with ${signal ?? code}\n${said}`);
}

/** Takes samples of all in turn, A B C A B C …, so that whatever else the machine does hits all alike. */
export async function interleave<T>(
  rounds: number,
  contestants: readonly T[],
  sample: (contestant: T) => Promise<number>,
): Promise<Map<T, number[]>> {
  const samples = new Map(contestants.map((contestant): [T, number[]] => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) samples.get(contestant)?.push(await sample(contestant));
  }
  return samples;
}

/** Calls that are not counted: caches fill, and what is compiled late is compiled. */
export async function warmUp<T>(
  calls: number,
  contestants: readonly T[],
  call: (contestant: T) => Promise<unknown>,
): Promise<void> {
  for (let count = 0; count < calls; count++) {
    for (const contestant of contestants) await call(contestant);
  }
}

/** Runs `act` for 0 … count-1, at most `width` at a time: for what has to be there before a measurement. */
export async function inParallel(
  count: number,
  width: number,
  act: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
