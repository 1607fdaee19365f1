import type { Input } from '#cli/context.ts';

/**
 * Hands a terminal over to a program in a container: keys arrive as they are typed and control characters are not interpreted
 * here. Undone by dispose, and in any case when the process exits.
 */
export function enterRawMode(stdin: Input): Disposable {
  if (!stdin.isTTY || stdin.setRawMode === undefined) return { [Symbol.dispose]() {} };
  stdin.setRawMode(true);
  // Node's raw mode still turns a line feed on output into carriage return and line feed; the container's own terminal has done
  // that already, and programs that move the cursor by line feeds would be drawn wrongly. Without stty it stays so.
  // Loaded here and not above: it takes four milliseconds, and most sessions have no terminal.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  let active = true;
  const restore = () => {
    if (!active) return;
    active = false;
    process.off('exit', restore);
    stdin.setRawMode?.(false);
  };
  process.on('exit', restore);
  return { [Symbol.dispose]: restore };
}
