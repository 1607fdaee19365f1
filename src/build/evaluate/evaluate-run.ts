import { heredocText, isHeredocMark } from '#build/dockerfile/heredoc.ts';
import type { RunInstruction } from '#build/dockerfile/instructions.ts';
import { evaluateMount } from '#build/evaluate/evaluate-mount.ts';
import { type EvaluateContext, formatEnvironment, shellOf } from '#build/evaluate/stage-state.ts';
import { proxyArguments } from '#build/plan/scope.ts';
import type { RunStep } from '#build/steps.ts';

/** Where a script with an interpreter of its own is seen by the process. */
const scriptDirectory = '/dev/pipes';

export function evaluateRun(context: EvaluateContext, run: RunInstruction): RunStep {
  const { state, source, placed, globals, buildArgs } = context;
  const { config, scope } = state;
  const args = [...scope.args].flatMap(([name, value]): [string, string][] =>
    value === undefined || proxyArguments.has(name) ? [] : [[name, value]],
  );
  const hidden = [...proxyArguments].flatMap((name): [string, string][] => {
    const value = scope.args.get(name) ?? buildArgs.get(name);
    return value === undefined || scope.env.has(name) ? [] : [[name, value]];
  });
  globals.budget.spendEntries(scope.env.size + args.length);
  const command = commandOf(run, shellOf(config));
  const shownArgs = args.map(([name, value]) => `${name}=${value}`);
  const prefix = shownArgs.length === 0 ? '' : `|${shownArgs.length} ${shownArgs.join(' ')} `;
  return {
    kind: 'run',
    source,
    range: run.range,
    title: titleOf(run),
    createdBy: `RUN ${prefix}${command.args.join(' ')}`,
    args: command.args,
    environment: formatEnvironment(new Map([...scope.env, ...args])),
    hiddenEnvironment: formatEnvironment(new Map(hidden)),
    workingDirectory: config.WorkingDir || '/',
    user: config.User ?? '',
    mounts: run.mounts.map((mount, position) =>
      evaluateMount(context, mount, placed.mountFrom.get(position)),
    ),
    ...(run.network === 'default' ? {} : { network: run.network }),
    insecure: run.security === 'insecure',
    ...(command.script ? { script: command.script } : {}),
  };
}

/**
 * A heredoc alone is the script of the shell, or with a `#!` line a program of its own. Otherwise the shell gets the whole
 * text back, as it knows heredocs itself.
 */
function commandOf(run: RunInstruction, shell: string[]): Pick<RunStep, 'args' | 'script'> {
  const { command, heredocs } = run;
  if (command.form === 'exec') return { args: command.args };
  const [first] = heredocs;
  if (first === undefined) return { args: [...shell, command.text] };
  if (!isHeredocMark(command.text)) {
    const full = [command.text, ...heredocs.map(({ content, name }) => content + name)].join('\n');
    return { args: [...shell, full] };
  }
  const content = heredocText(first);
  if (!content.startsWith('#!')) return { args: [...shell, content] };
  const name = first.name.replaceAll('/', '_');
  return { args: [`${scriptDirectory}/${name}`], script: { name, content } };
}

function titleOf(run: RunInstruction): string {
  const [first] = run.heredocs;
  if (first === undefined) return run.text;
  const lines = heredocText(first).split('\n');
  const line = lines.find((text) => text.trim() !== '' && !text.startsWith('#!')) ?? '';
  return `${run.text} (${line.trim()}${lines.length > 2 ? '…' : ''})`;
}
