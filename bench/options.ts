import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of scenarios; empty: all. */
  readonly scenarios: readonly string[];
  /** Samples of each contestant; undefined: what the scenario thinks best. */
  readonly rounds: number | undefined;
  /** Containers of the scenarios that count them; undefined: what the scenario thinks best. */
  readonly containers: number | undefined;
  readonly json: boolean;
  /** Leave the Debian packages installed that had to be installed for the run. */
  readonly keepPackages: boolean;
}

export const usage = `Usage: tools/node bench/run.ts [OPTIONS] [SCENARIO...]

Measures Dhow beside Debian's dockerd and podman, as root, on engines of its own, and removes them afterwards.

  --rounds N         samples of each contestant
  --containers N     containers in the scenarios list, memory and restart
  --json             print the samples as JSON
  --keep-packages    leave the packages installed that were missing
`;

/** @throws for what is not in the usage */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      containers: { type: 'string' },
      json: { type: 'boolean', default: false },
      'keep-packages': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    scenarios: positionals,
    rounds: count('rounds', values.rounds),
    containers: count('containers', values.containers),
    json: values.json,
    keepPackages: values['keep-packages'],
  };
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name} ${text}: must be a number from 1`);
  return Number(text);
}
