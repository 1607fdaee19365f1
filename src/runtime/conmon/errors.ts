import { DhowError } from '#errors/error.ts';

/**
 * Turns an OCI runtime's complaint into an error. docker's CLI picks the exit codes 127 and 126 by the words
 * `executable file not found`, `no such file or directory` and `permission denied`, `is a directory`; so these words stand in those
 * messages and are kept out of all others.
 */
export function runtimeFailure(text: string, { program, action }: Attempt): DhowError {
  const detail = lastMeaningfulLine(text);
  const prefix = prefixes[action];
  for (const { pattern, reason, kind, words } of programFailures) {
    if (pattern.test(detail)) {
      return new DhowError(kind, `${prefix}: exec: ${JSON.stringify(program)}: ${words(program)}`, {
        reason,
      });
    }
  }
  if (/^chdir /.test(detail)) {
    return new DhowError(
      'InvalidParameter',
      `${prefix}: cannot enter the working directory: ${defuse(detail)}`,
    );
  }
  if (/\/attr\/(apparmor\/)?exec\b/.test(detail)) {
    return new DhowError(
      'InvalidParameter',
      `${prefix}: the kernel does not know the AppArmor profile (load it with apparmor_parser): ${defuse(detail)}`,
    );
  }
  if (/cpu\.rt_(runtime|period)_us/.test(detail)) {
    return new DhowError(
      'InvalidParameter',
      `${prefix}: the control groups above have not so much real-time left (see dhow daemon --cpu-rt-runtime): ${defuse(detail)}`,
    );
  }
  return new DhowError('Internal', `${prefix}: ${defuse(detail)}`);
}

/** What was tried, with the program that was to be run: its first argument. */
export interface Attempt {
  program: string;
  action: 'create' | 'exec';
}

/** As Docker begins these messages. */
const prefixes = {
  create: 'failed to create task for container: OCI runtime create failed',
  exec: 'OCI runtime exec failed: exec failed',
} as const;

interface ProgramFailure {
  /** In the words of crun 1.x, then of runc 1.1. */
  pattern: RegExp;
  kind: 'NotFound' | 'InvalidParameter';
  reason: 'executable-not-found' | 'executable-not-runnable';
  words(program: string): string;
}

const programFailures: ProgramFailure[] = [
  {
    pattern: /executable file .*not found in \$PATH|exec: ".*": (stat .*: )?no such file or directory/i,
    kind: 'NotFound',
    reason: 'executable-not-found',
    words: (program) =>
      program.includes('/')
        ? `stat ${program}: no such file or directory`
        : 'executable file not found in $PATH',
  },
  {
    pattern: /exec: ".*": is a directory/i,
    kind: 'InvalidParameter',
    reason: 'executable-not-runnable',
    words: () => 'is a directory',
  },
  {
    pattern: /open executable: |the path `.*` exists but it is not executable|exec: ".*": permission denied/i,
    kind: 'InvalidParameter',
    reason: 'executable-not-runnable',
    words: () => 'permission denied',
  },
];

/** Splits the words by which docker's CLI would take the failure for the program's. */
export function defuse(text: string): string {
  return text
    .replace(/no such file or directory/gi, 'ENOENT')
    .replace(/permission denied/gi, 'EACCES')
    .replace(/is a directory/gi, 'EISDIR')
    .replace(/executable file not found/gi, 'program missing')
    .replace(/system cannot find the file specified/gi, 'ENOENT');
}

/** runc writes log lines (`time="…" level=error msg="…"`) where crun writes plain text; the last line decides. */
function lastMeaningfulLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const last = lines.filter(Boolean).at(-1) ?? 'the runtime gave no reason';
  const quoted = /^time="[^"]*" level=\w+ msg=("(?:[^"\\]|\\.)*")/.exec(last)?.[1];
  return unquote(quoted ?? last)
    .replace(/^(runc (create|run) failed|exec failed): (unable to start container process: )?/, '')
    .slice(0, 4096);
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    // Go escapes some bytes (`\x1b`) in a way that JSON does not know.
    return text;
  }
}
