import os from 'node:os';
import type {
  ArgInstruction,
  CommandInstruction,
  CopyInstruction,
  HealthcheckInstruction,
  PairsInstruction,
  RunInstruction,
  TextInstruction,
  WordsInstruction,
} from '#build/dockerfile/instructions.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import type { StageInstruction } from '#build/dockerfile.ts';
import { resolveInImage } from '#build/evaluate/paths.ts';
import { readPort } from '#build/evaluate/ports.ts';
import { type SettingContext, shellOf } from '#build/evaluate/stage-state.ts';
import { setEnvironment } from '#build/plan/scope.ts';
import type { HealthCheck } from '#image/config.ts';

/*
 * What the instructions that change nothing but the configuration do to it. Each returns its text with the variables
 * expanded, for history and progress.
 */

export type SettingInstruction = Exclude<StageInstruction, RunInstruction | CopyInstruction>;

export function applySetting(context: SettingContext, instruction: SettingInstruction): string {
  const { config } = context.state;
  switch (instruction.type) {
    case 'ARG':
      return applyArg(context, instruction);
    case 'ENV':
      return applyEnv(context, instruction);
    case 'LABEL':
      return applyLabel(context, instruction);
    case 'EXPOSE':
      return applyExpose(context, instruction);
    case 'VOLUME':
      return applyVolume(context, instruction);
    case 'USER':
      return applyUser(context, instruction);
    case 'WORKDIR':
      return applyWorkdir(context, instruction);
    case 'STOPSIGNAL':
      return applyStopSignal(context, instruction);
    case 'MAINTAINER':
      return applyMaintainer(context, instruction);
    case 'CMD':
    case 'ENTRYPOINT':
      return applyCommand(context, instruction);
    case 'HEALTHCHECK':
      return applyHealthcheck(context, instruction);
    case 'SHELL':
      config.Shell = instruction.args;
      return `SHELL ${JSON.stringify(instruction.args)}`;
    case 'ONBUILD':
      config.OnBuild = [...(config.OnBuild ?? []), instruction.trigger];
      return `ONBUILD ${instruction.trigger}`;
  }
}

/** The value of a declared argument: --build-arg, else its default, else what the global scope says. */
function applyArg({ state, expander, globals, buildArgs }: SettingContext, arg: ArgInstruction): string {
  const shown: string[] = [];
  for (const { name, value } of arg.args) {
    const given = buildArgs.get(name.text);
    const fallback = value === undefined ? globals.scope.args.get(name.text) : undefined;
    const result = given ?? (value === undefined ? fallback : expander.word(value));
    // Declared again without a value, it keeps the one that it has.
    if (result !== undefined || !state.scope.args.has(name.text)) state.scope.args.set(name.text, result);
    shown.push(result === undefined ? name.text : `${name.text}=${result}`);
  }
  return `ARG ${shown.join(' ')}`;
}

/** All values of one ENV see the variables as they were before it. */
function applyEnv({ state, expander }: SettingContext, { pairs }: PairsInstruction): string {
  const added = pairs.map(({ key, value }): [string, string] => [expander.word(key), expander.word(value)]);
  for (const [name, value] of added) setEnvironment(state.scope, name, value);
  return `ENV ${added.map(([name, value]) => `${name}=${value}`).join(' ')}`;
}

function applyLabel({ state, expander }: SettingContext, { pairs }: PairsInstruction): string {
  const added = pairs.map(({ key, value }): [string, string] => [expander.word(key), expander.word(value)]);
  for (const [name, value] of added) state.labels.set(name, value);
  return `LABEL ${added.map(([name, value]) => `${name}=${value}`).join(' ')}`;
}

function applyExpose(context: SettingContext, { words }: WordsInstruction): string {
  const { state, expander, globals } = context;
  const texts = words.flatMap((word) => expander.words(word).map((text) => ({ text, range: word.range })));
  for (const text of texts) {
    const ports = readPort(context, text);
    globals.budget.spendEntries(ports.length);
    for (const port of ports) state.ports.add(port);
  }
  return `EXPOSE ${texts.map(({ text }) => text).join(' ')}`;
}

function applyVolume({ state, expander, source }: SettingContext, { words }: WordsInstruction): string {
  const paths = words.map((word) => {
    const path = expander.word(word);
    if (path.trim() === '')
      throw dockerfileError(source, word.range, 'the path of a VOLUME must not be empty');
    return path;
  });
  for (const path of paths) state.volumes.add(path);
  return `VOLUME ${JSON.stringify(paths)}`;
}

function applyUser({ state, expander, source }: SettingContext, { value }: TextInstruction): string {
  const user = expander.word(value);
  if (user === '') throw dockerfileError(source, value.range, 'the user is empty');
  state.config.User = user;
  return `USER ${user}`;
}

export function applyWorkdir(context: SettingContext, { value }: TextInstruction): string {
  const { state, expander, source } = context;
  const path = expander.word(value);
  if (path === '') throw dockerfileError(source, value.range, 'the working directory is empty');
  if (!path.startsWith('/') && !state.config.WorkingDir) {
    context.report({
      rule: 'WorkdirRelativePath',
      message: `the relative WORKDIR "${path}" depends on the working directory of the base image`,
      source,
      range: value.range,
    });
  }
  state.config.WorkingDir = resolveInImage(state.config, path);
  return `WORKDIR ${state.config.WorkingDir}`;
}

function applyStopSignal({ state, expander, source }: SettingContext, { value }: TextInstruction): string {
  const signal = expander.word(value);
  if (!isSignal(signal)) {
    throw dockerfileError(
      source,
      value.range,
      `"${signal.slice(0, 64)}" is no signal; write SIGTERM, TERM or 15`,
    );
  }
  state.config.StopSignal = signal;
  return `STOPSIGNAL ${signal}`;
}

function applyMaintainer(context: SettingContext, { value }: TextInstruction): string {
  context.state.author = value.text;
  return `MAINTAINER ${value.text}`;
}

/** An ENTRYPOINT makes the base image's CMD void. */
function applyCommand({ state }: SettingContext, { type, command }: CommandInstruction): string {
  const { config } = state;
  const words =
    command.form === 'exec' ? command.args : command.text === '' ? [] : [...shellOf(config), command.text];
  if (type === 'CMD') {
    config.Cmd = words;
    state.commandSet = true;
  } else {
    config.Entrypoint = words;
    if (!state.commandSet) config.Cmd = null;
  }
  return `${type} ${JSON.stringify(words)}`;
}

function applyHealthcheck({ state }: SettingContext, { check, text }: HealthcheckInstruction): string {
  state.config.Healthcheck = check === undefined ? { Test: ['NONE'] } : healthcheckOf(check);
  return text;
}

function healthcheckOf(check: NonNullable<HealthcheckInstruction['check']>): HealthCheck {
  const { command, intervalNs, timeoutNs, startPeriodNs, startIntervalNs, retries } = check;
  return {
    Test: command.form === 'exec' ? ['CMD', ...command.args] : ['CMD-SHELL', command.text],
    ...(intervalNs === undefined ? {} : { Interval: intervalNs }),
    ...(timeoutNs === undefined ? {} : { Timeout: timeoutNs }),
    ...(startPeriodNs === undefined ? {} : { StartPeriod: startPeriodNs }),
    ...(startIntervalNs === undefined ? {} : { StartInterval: startIntervalNs }),
    ...(retries === undefined ? {} : { Retries: retries }),
  };
}

function isSignal(text: string): boolean {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 64;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return Object.hasOwn(os.constants.signals, `SIG${name}`) || /^RTM(?:IN|AX)(?:[+-]\d{1,2})?$/.test(name);
}
