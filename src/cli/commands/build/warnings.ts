import type { BuildView } from '#cli/commands/build/build-state.ts';
import type { Output } from '#cli/context.ts';

type Warnings = BuildView['warnings'];

export function writeWarnings(warnings: Warnings, output: Output): void {
  for (const { file, line, rule, message, url, excerpt } of warnings) {
    output.write(`\n${file}:${line}: ${rule}: ${message}\n${url}\n${excerpt}\n`);
  }
}

/** The last words of a build that only looks for mistakes. */
export function describeCheck({ length: count }: Warnings): string {
  if (count === 0) return 'Check complete, no warnings found.\n';
  return `\nCheck complete, ${count} ${count === 1 ? 'warning has' : 'warnings have'} been found!\n`;
}
