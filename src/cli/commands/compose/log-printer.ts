import type { Manner } from '#cli/commands/compose/manner.ts';
import type { CliContext, Output } from '#cli/context.ts';

const colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

export interface LogPrinterSettings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly colour: boolean;
  readonly prefix: boolean;
}

/** One container's lines, each behind its name. Waits while the reader is slow. */
export interface LogWriter {
  line(stream: 'stdout' | 'stderr', text: string): Promise<void>;
  /** About the container itself, on stdout. */
  note(text: string): Promise<void>;
}

/** @param names of all containers that are known so far: the column is as wide as the longest */
export function createLogPrinter(settings: LogPrinterSettings, names: readonly string[] = []) {
  const writers = new Map<string, LogWriter>();
  let width = Math.max(0, ...names.map((name) => name.length));

  const createWriter = (name: string): LogWriter => {
    const colour = colours[writers.size % colours.length];
    width = Math.max(width, name.length);
    const behind = (text: string) => {
      if (!settings.prefix) return `${text}\n`;
      const head = `${name.padEnd(width)}  | `;
      return `${settings.colour ? `\x1b[${colour}m${head}\x1b[0m` : head}${text}\n`;
    };
    return {
      line: (stream, text) => write(settings[stream], behind(text)),
      note: (text) =>
        write(settings.stdout, settings.colour ? `\x1b[${colour}m${text}\x1b[0m\n` : `${text}\n`),
    };
  };

  return (name: string): LogWriter => {
    const known = writers.get(name) ?? createWriter(name);
    writers.set(name, known);
    return known;
  };
}

export type LogPrinter = ReturnType<typeof createLogPrinter>;

async function write(output: Output, text: string): Promise<void> {
  if (!output.write(text)) await new Promise((resolve) => output.once('drain', resolve));
}

/** As `compose ps` and logs call a container: without the project's name in front. */
export function shortName(project: string, container: string): string {
  return container.startsWith(`${project}-`) || container.startsWith(`${project}_`)
    ? container.slice(project.length + 1)
    : container;
}

/** Whether output is coloured: on a terminal unless --ansi says otherwise, and never when the user or the environment says no. */
export function wantsColour(
  { stdout, environment }: CliContext,
  { ansi }: Manner,
  refused: boolean,
): boolean {
  if (refused || environment['NO_COLOR'] || ansi === 'never') return false;
  return ansi === 'always' || stdout.isTTY === true;
}
