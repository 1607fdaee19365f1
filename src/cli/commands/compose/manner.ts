import { saysYes } from '#cli/commands/compose/says-yes.ts';
import type { CliContext, Output } from '#cli/context.ts';
import { flag, integer, type OptionValues, parsed, text } from '#cli/options.ts';
import type { Execution } from '#compose/execute.ts';
import { DhowError } from '#errors/error.ts';

/** How a command does its work and shows it, whichever project it is about. */
export interface Manner extends Execution {
  /** `auto`: painted in place on a terminal, plain lines elsewhere. */
  readonly progress: 'auto' | 'tty' | 'plain' | 'json' | 'quiet';
  /** Whether output of containers is coloured: `auto` on a terminal. */
  readonly ansi: 'never' | 'always' | 'auto';
  readonly progressOnStdout: boolean;
}

export const mannerOptions = {
  ansi: parsed(
    { help: 'Control when to print ANSI control characters ("never"|"always"|"auto") (default "auto")' },
    'string',
    parseAnsi,
  ),
  'dry-run': flag({ help: 'Execute command in dry run mode' }),
  parallel: integer({ help: 'Control max parallelism, -1 for unlimited (default -1)' }),
  progress: text({ help: 'Set type of progress output (auto, tty, plain, json, quiet)' }),
};

/** For those who ask only what a verb takes. */
export const usualManner: Manner = {
  progress: 'auto',
  ansi: 'auto',
  progressOnStdout: false,
  parallel: Number.POSITIVE_INFINITY,
  dryRun: false,
};

/**
 * What the options say, and for those that were not given COMPOSE_ANSI, COMPOSE_PARALLEL_LIMIT, COMPOSE_PROGRESS and COMPOSE_STATUS_STDOUT.
 * @throws InvalidParameter
 */
export function readManner(
  values: OptionValues<typeof mannerOptions>,
  variables: ReadonlyMap<string, string>,
): Manner {
  const ansi = values.ansi ?? parseAnsi(variables.get('COMPOSE_ANSI') || 'auto');
  const progress = readProgress(values.progress ?? variables.get('COMPOSE_PROGRESS'));
  if (progress === 'tty' && ansi === 'never') {
    throw new DhowError('InvalidParameter', "can't use --progress tty while ANSI support is disabled");
  }
  if (progress === 'plain' && ansi === 'always') {
    throw new DhowError('InvalidParameter', "can't use --progress plain while ANSI support is forced");
  }
  const implied = { never: 'plain', always: 'tty', auto: 'auto' } as const;
  return {
    progress: progress === 'auto' ? implied[ansi] : progress,
    ansi,
    progressOnStdout: saysYes(variables.get('COMPOSE_STATUS_STDOUT')),
    parallel: readLimit(values.parallel, variables.get('COMPOSE_PARALLEL_LIMIT')),
    dryRun: values['dry-run'],
  };
}

/** Where progress is told. */
export function progressOutput({ stdout, stderr }: CliContext, { progressOnStdout }: Manner): Output {
  return progressOnStdout ? stdout : stderr;
}

function parseAnsi(written: string): Manner['ansi'] {
  if (written === 'never' || written === 'always' || written === 'auto') return written;
  throw new DhowError('InvalidParameter', `must be "never", "always" or "auto", not "${written}"`);
}

function readProgress(written = ''): Manner['progress'] {
  switch (written) {
    case '':
    case 'auto':
      return 'auto';
    case 'none':
      return 'quiet';
    case 'tty':
    case 'plain':
    case 'json':
    case 'quiet':
      return written;
    default:
      throw new DhowError('InvalidParameter', `unsupported --progress value "${written}"`);
  }
}

function readLimit(given: number | undefined, variable: string | undefined): number {
  const limit = given ?? (variable === undefined ? -1 : Number(variable));
  if (Number.isInteger(limit)) return limit > 0 ? limit : Number.POSITIVE_INFINITY;
  throw new DhowError(
    'InvalidParameter',
    `COMPOSE_PARALLEL_LIMIT must be an integer (found: ${JSON.stringify(variable)})`,
  );
}
