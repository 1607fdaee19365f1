/** What `--chmod` makes of a mode. */
export type ChangeMode = (mode: number, isDirectory: boolean) => number;

/**
 * Octal (`644`, `0755`, `4755`), or symbolic as chmod(1) has it (`u=rwX,go-w`, `+x`, `a+rX`, `u+s`, `+t`).
 * @returns undefined when it is neither
 */
export function parseChmod(text: string): ChangeMode | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode > 0o7777 ? undefined : () => mode;
  }
  const clauses: ChangeMode[] = [];
  for (const part of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(part);
    if (match === null) return undefined;
    for (const [, operator = '', permissions = ''] of (match[2] ?? '').matchAll(/([-+=])([^-+=]*)/g)) {
      clauses.push(createClause(match[1] ?? '', operator, permissions));
    }
  }
  return (mode, isDirectory) => clauses.reduce((result, clause) => clause(result, isDirectory), mode);
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** Without `u`, `g`, `o` or `a` it is for all: there is no umask here. */
function createClause(written: string, operator: string, permissions: string): ChangeMode {
  const who = written === '' || written.includes('a') ? ['u', 'g', 'o'] : [...new Set(written)];
  return (mode, isDirectory) => {
    let bits = 0;
    let affected = 0;
    for (const one of who) {
      const shift = shifts[one] ?? 0;
      affected |= 0o7 << shift;
      bits |= ordinaryBits(permissions, mode, isDirectory) << shift;
      if (one === 'u') affected |= 0o4000;
      if (one === 'g') affected |= 0o2000;
      if (permissions.includes('s')) bits |= one === 'u' ? 0o4000 : one === 'g' ? 0o2000 : 0;
    }
    if (permissions.includes('t')) bits |= 0o1000;
    if (operator === '+') return mode | bits;
    if (operator === '-') return mode & ~bits;
    return (mode & ~affected) | bits;
  };
}

function ordinaryBits(permissions: string, mode: number, isDirectory: boolean): number {
  const copied = shifts[permissions];
  if (copied !== undefined) return (mode >> copied) & 0o7;
  let bits = 0;
  if (permissions.includes('r')) bits |= 4;
  if (permissions.includes('w')) bits |= 2;
  if (permissions.includes('x')) bits |= 1;
  if (permissions.includes('X') && (isDirectory || (mode & 0o111) !== 0)) bits |= 1;
  return bits;
}
