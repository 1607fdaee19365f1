import fs from 'node:fs';

/**
 * Places of this mount namespace at or below a directory where something is mounted, in the order of mounting (proc(5), mountinfo).
 * A place on which several file systems lie is named once for each.
 */
export function mountPointsUnder(directory: string): string[] {
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  return fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => decodeOctal(line.split(' ', 5)[4] ?? ''))
    .filter((place) => place === directory || place.startsWith(prefix));
}

/** Blanks, tabs, line breaks and backslashes are written as three octal digits. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
