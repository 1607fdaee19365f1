import { createInterface } from 'node:readline/promises';
import type { CliContext } from '#cli/context.ts';

/** Asks a question whose answer is yes only for `y`. Without a terminal or an answer it is no. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  context.stdout.write(`${question} [y/N] `);
  const lines = createInterface({ input: context.stdin });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'y';
    return false;
  } finally {
    lines.close();
  }
}
