import { checkOperands } from '#cli/check-operands.ts';
import type { Command } from '#cli/command.ts';
import type { CliContext, Output } from '#cli/context.ts';
import { reportFailure } from '#cli/failure.ts';
import { globalOptions } from '#cli/global-options.ts';
import type { OptionValues } from '#cli/options.ts';
import { parseOptions } from '#cli/parse-options.ts';
import { type CommandEntry, groups } from '#cli/registry.ts';
import { UsageError } from '#cli/usage-error.ts';
import { isDhowError, kindOf } from '#errors/error.ts';

export type GlobalOptions = OptionValues<typeof globalOptions>;

export interface CliParts {
  readonly registry: readonly CommandEntry[];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Called when a command was found and its options are understood. */
  createContext(options: GlobalOptions): CliContext;
}

/** Finds the command that the words name, loads it, runs it, and answers with the exit code. Never throws. */
export async function dispatch(parts: CliParts, words: readonly string[]): Promise<number> {
  let command: Command | undefined;
  let name: string | undefined;
  let usage: string | undefined;
  let debug = false;
  let context: CliContext | undefined;
  try {
    const line = parseOptions(globalOptions, words, { interspersed: false });
    const options = line.options as GlobalOptions;
    debug = options.debug;
    if (options.version) return await printVersion(parts.stdout);
    if (line.operands[0] === '__complete') {
      const { complete } = await import('#cli/completion/complete.ts');
      return await complete(parts.registry, parts.createContext(options), line.operands.slice(1));
    }
    const found = line.help ? undefined : findCommand(parts.registry, line.operands);
    if (found === undefined) return await printHelp(parts, line.operands);

    name = found.name;
    command = (await found.entry.load()).command;
    const input = parseOptions(command.options, found.rest, { interspersed: command.interspersed ?? true });
    if (input.help) {
      const { commandHelp } = await import('#cli/help.ts');
      parts.stdout.write(commandHelp(name, found.entry, command, widthOf(parts.stdout)));
      return 0;
    }
    checkOperands(name, command, input.operands.length);
    context = parts.createContext(options);
    return await command.run(context, input);
  } catch (error) {
    // Who ended it by a signal need not be told; `main.ts` has the exit code.
    if (kindOf(error) === 'Cancelled' && context?.signal.aborted) return 1;
    if (command !== undefined && name !== undefined && isDhowError(error) && error instanceof UsageError) {
      const { usageLines } = await import('#cli/help.ts');
      usage = usageLines(name, command);
    }
    return reportFailure(parts.stderr, error, {
      commandName: name,
      failureCode: command?.failureCode,
      startsProcess: command?.startsProcess,
      usage,
      debug,
    });
  }
}

interface Found {
  readonly entry: CommandEntry;
  /** As typed. */
  readonly name: string;
  readonly rest: readonly string[];
}

function findCommand(registry: readonly CommandEntry[], operands: readonly string[]): Found | undefined {
  for (const length of [2, 1]) {
    const name = operands.slice(0, length).join(' ');
    const entry =
      operands.length < length ? undefined : registry.find((candidate) => candidate.names.includes(name));
    if (entry !== undefined) return { entry, name, rest: operands.slice(length) };
  }
  return undefined;
}

/** Help for nothing, for `help …`, for a group; or the complaint that there is no such command. */
async function printHelp(parts: CliParts, operands: readonly string[]): Promise<number> {
  const help = await import('#cli/help.ts');
  const width = widthOf(parts.stdout);
  const [first, second] = operands;
  if (first === undefined) {
    parts.stdout.write(help.overview(parts.registry, groups, globalOptions, width));
    return 0;
  }
  if (first === 'help') {
    const found = findCommand(parts.registry, operands.slice(1));
    if (found === undefined) return printHelp(parts, operands.slice(1));
    const { command } = await found.entry.load();
    parts.stdout.write(help.commandHelp(found.name, found.entry, command, width));
    return 0;
  }
  if (!Object.hasOwn(groups, first)) throw new UsageError(`unknown command: dhow ${first}`, 1);
  if (second !== undefined && !second.startsWith('-')) {
    throw new UsageError(`unknown command: dhow ${first} ${second}`, 1);
  }
  if (second !== undefined && second !== '--help' && second !== '-h') {
    throw new UsageError(`unknown flag: ${second}`, 125);
  }
  parts.stdout.write(help.groupHelp(first, groups[first] ?? '', parts.registry, width));
  return 0;
}

async function printVersion(stdout: Output): Promise<number> {
  const { clientVersion, clientCommit } = await import('#cli/version.ts');
  stdout.write(`Dhow version ${clientVersion()}, build ${clientCommit()}\n`);
  return 0;
}

function widthOf(stdout: Output): number {
  return Math.min(stdout.columns ?? 80, 120);
}
