import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import type { ExecHandle, ExecRequest } from '#runtime/runtime.ts';

export async function execInContainer(
  _context: RuntimeContext,
  _request: ExecRequest,
  _signal: AbortSignal,
): Promise<ExecHandle> {
  throw new DhowError('Unsupported', 'exec is not supported');
}
