import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { DhowError } from '#errors/error.ts';

/** A program of the host, and what to install where it is not. */
export interface Tool {
  readonly program: string;
  readonly package: string;
}

export interface ToolSettings {
  readonly signal: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets each line of the tool's messages when it comes. */
  readonly onMessage?: (line: string) => void;
}

export interface ToolResult {
  readonly succeeded: boolean;
  readonly output: string;
  /** Its last lines. */
  readonly messages: readonly string[];
}

const keptMessages = 12;

/**
 * Runs a tool to its end. When the signal aborts, the tool is told to end and waited for: it has mounts and files of its own to put away.
 *
 * @throws NotFound with the package's name where the tool is not installed; Cancelled
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  { signal, environment, onMessage }: ToolSettings,
): Promise<ToolResult> {
  const child = spawn(tool.program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What is looked for in the tools' messages is English.
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
  });
  const end = (): unknown => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const messages: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      messages.push(line);
      if (messages.length > keptMessages) messages.shift();
      onMessage?.(line);
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [output, code] = await Promise.all([text(child.stdout), ended]);
    if (signal.aborted) throw new DhowError('Cancelled', `${tool.program} was told to end`);
    return { succeeded: code === 0, output, messages };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new DhowError(
      'NotFound',
      `${tool.program} is not installed on this machine: install Debian's package ${tool.package}`,
      { cause: error },
    );
  } finally {
    signal.removeEventListener('abort', end);
  }
}
