/**
 * Measures Dhow beside Debian's dockerd and podman on this machine, and prints the figures and their ratios.
 * Run as root: tools/node bench/run.ts [OPTIONS] [SCENARIO...]; --help lists them.
 */
import { createScratch } from '../test/support/scratch.ts';
import { startDhow } from './contestants/dhow.ts';
import { startDockerd } from './contestants/dockerd.ts';
import { startPodman } from './contestants/podman.ts';
import { describeLoad, describeMachine } from './machine.ts';
import { openErrorOutput } from './measure.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { installPackages } from './packages.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { formatTable, type Table } from './table.ts';

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const names = scenarios.map(({ name }) => name).join(', ');
  if (options === undefined) {
    process.stdout.write(`${usage}\nScenarios: ${names} (all when none is named)\n`);
    return;
  }
  const unknown = options.scenarios.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`unknown scenario ${unknown.join(', ')}; there are ${names}`);
  const chosen = scenarios.filter(
    ({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name),
  );
  await measure(chosen, options);
}

async function measure(chosen: readonly Scenario[], options: BenchOptions): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const packages = installPackages();
  if (!options.keepPackages) undo.use(packages);
  const scratch = createScratch();
  undo.defer(() => scratch.remove());
  undo.use(openErrorOutput(scratch.directory));
  // First the one that puts the host's packet filter back last.
  const dockerd = undo.use(await startDockerd());
  const podman = undo.use(await startPodman(scratch.directory, scratch.runDirectory));
  const dhow = undo.use(await startDhow(scratch.directory));

  const text: string[] = [
    `Machine: ${describeMachine()}`,
    ...[dhow, dockerd, podman].map(({ description }) => `Engine: ${description}`),
  ];
  const say = (line: string): void => {
    if (!options.json) console.log(line);
  };
  for (const line of text) say(line);
  const results: { scenario: string; load: string; tables: Table[] }[] = [];
  for (const scenario of chosen) {
    const before = describeLoad();
    const tables = await scenario.measure({ dhow, dockerd, podman }, options);
    const load = `${before} before, ${describeLoad()} after`;
    results.push({ scenario: scenario.name, load, tables });
    say(`\n${tables.map(formatTable).join('\n')}\nLoad: ${load}`);
  }
  if (options.json) console.log(JSON.stringify({ date: new Date(), about: text, results }, undefined, 2));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  // With what it suppressed.
  console.error(error);
  process.exitCode = 1;
});
