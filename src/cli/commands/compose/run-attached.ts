import type { UpPlan } from '#cli/commands/compose/bring-up.ts';
import { type Exit, followProject } from '#cli/commands/compose/follow-project.ts';
import { createLogPrinter, wantsColour } from '#cli/commands/compose/log-printer.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import type { CliContext } from '#cli/context.ts';
import { printFailure } from '#cli/output/failures.ts';
import type { Client } from '#client/client.ts';
import { killContainer } from '#client/containers.ts';
import { findService, isJob } from '#compose/dependencies.ts';
import { isActive, observeContainers } from '#compose/observe.ts';
import type { Step } from '#compose/plan.ts';
import { planEach, readDependencies } from '#compose/plan-each.ts';
import type { Project } from '#compose/project.ts';

export interface AttachedSettings {
  readonly attach: readonly string[];
  readonly 'attach-dependencies': boolean;
  readonly 'no-attach': readonly string[];
  readonly 'abort-on-container-exit': boolean;
  readonly 'abort-on-container-failure': boolean;
  readonly 'exit-code-from': string | undefined;
  readonly 'no-color': boolean;
  readonly 'no-log-prefix': boolean;
  readonly timestamps: boolean;
  readonly timeout: number | undefined;
  /** What goes on meanwhile until `signal` aborts; then the end of all containers is not the end, as the next change may start them again. */
  readonly watch: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** As shells count a program that SIGINT has ended. */
const interruptedCode = 130;

/**
 * Does a plan and shows the containers' output until all have ended. The first Ctrl-C stops them, the second kills them.
 * @param targets services that the user named; empty for all
 */
export async function runAttached(
  context: CliContext,
  manner: Manner,
  project: Project,
  plan: UpPlan,
  settings: AttachedSettings,
  targets: readonly string[],
): Promise<number> {
  const { client, stderr } = context;
  const from = settings['exit-code-from'];
  if (from !== undefined) findService(project.services, from);
  const shown = shownServices(project, plan, settings, targets);
  const codes = new Map<string, number>();
  const aborted = Promise.withResolvers<Exit>();
  // Signals mean the containers from here on, and not the connection by which they are stopped.
  const unending = new AbortController().signal;
  const following = await followProject(
    {
      client,
      project: project.name,
      printer: createPrinter(context, manner, project, plan, settings),
      timestamps: settings.timestamps,
      prints: (service) => shown.has(service),
      onExit(exit) {
        codes.set(exit.service, exit.exitCode);
        if (isReasonToStop(project, exit, settings)) aborted.resolve(exit);
      },
    },
    unending,
  );
  const interrupted = new AbortController();
  const interruption = new Promise<'interrupted'>((resolve) => {
    interrupted.signal.addEventListener('abort', () => resolve('interrupted'));
  });
  const watching = new AbortController();
  let count = 0;
  using _signals = context.signals.listen((name) => {
    if (name !== 'SIGINT' && name !== 'SIGTERM' && name !== 'SIGHUP') return;
    count += 1;
    if (count === 1) interrupted.abort();
    else killAll(client, project.name).catch((error: unknown) => printFailure(context, error));
  });
  try {
    // Not before: what ends until then would not be told.
    for (const container of await observeContainers(client, project.name)) {
      const isShown = !container.oneOff && shown.has(container.service);
      if (isShown && container.state === 'running') following.attach(container, { tail: '0' });
    }
    const starts = plan.steps.flatMap(({ action }) =>
      action.kind === 'start-container' || action.kind === 'restart-container' ? [action.name] : [],
    );
    try {
      await runSteps(context, manner, plan.steps, interrupted.signal, 'lines');
      await Promise.race([following.started(starts), interruption, following.failed]);
    } catch (error) {
      if (!interrupted.signal.aborted) throw error;
    }
    const end = (settings.watch?.(watching.signal) ?? following.idle()).then(() => 'idle' as const);
    const how = await Promise.race([interruption, aborted.promise, end, following.failed]);
    watching.abort();
    if (how === 'idle') return from === undefined ? 0 : (codes.get(from) ?? 0);
    stderr.write(
      how === 'interrupted' ? 'Stopping… (Ctrl-C again kills)\n' : `${how.name} has ended: stopping…\n`,
    );
    await runSteps(
      context,
      manner,
      await planStop(client, project, plan, settings.timeout),
      unending,
      'lines',
    );
    await following.idle();
    if (how === 'interrupted') return interruptedCode;
    return from === undefined ? how.exitCode : (codes.get(from) ?? how.exitCode);
  } finally {
    watching.abort();
    following.close();
  }
}

/** Without a choice the named services' output is shown, or all of the project's. */
function shownServices(
  project: Project,
  plan: UpPlan,
  settings: AttachedSettings,
  targets: readonly string[],
): Set<string> {
  for (const name of [...settings.attach, ...settings['no-attach']]) findService(project.services, name);
  const named = targets.length > 0 && !settings['attach-dependencies'] ? targets : plan.services;
  const chosen = settings.attach.length > 0 ? settings.attach : named;
  const silent = (name: string) => settings.attach.length === 0 && project.services[name]?.attach === false;
  return new Set(chosen.filter((name) => !settings['no-attach'].includes(name) && !silent(name)));
}

/** A service that others wait for to complete may end well without ending the project. */
function isReasonToStop(project: Project, exit: Exit, settings: AttachedSettings): boolean {
  if (settings['abort-on-container-failure']) return exit.exitCode !== 0;
  const from = settings['exit-code-from'];
  if (!settings['abort-on-container-exit'] && from === undefined) return false;
  if (exit.service === from || exit.exitCode !== 0) return true;
  return !isJob(project.services, exit.service);
}

function createPrinter(
  context: CliContext,
  manner: Manner,
  project: Project,
  plan: UpPlan,
  settings: AttachedSettings,
) {
  const names = plan.services.map((name) => project.services[name]?.container_name ?? `${name}-1`);
  const { stdout, stderr } = context;
  const colour = wantsColour(context, manner, settings['no-color']);
  return createLogPrinter({ stdout, stderr, colour, prefix: !settings['no-log-prefix'] }, names);
}

async function planStop(
  client: Client,
  project: Project,
  plan: UpPlan,
  timeoutSeconds: number | undefined,
): Promise<Step[]> {
  const all = await observeContainers(client, project.name);
  const own = all.filter(({ service, oneOff }) => !oneOff && plan.services.includes(service));
  return planEach(own.filter(isActive), readDependencies(project, all), 'backwards', ({ id, name }) => ({
    kind: 'stop-container',
    id,
    name,
    timeoutSeconds,
  }));
}

async function killAll(client: Client, project: string): Promise<void> {
  const containers = (await observeContainers(client, project)).filter(isActive);
  await Promise.all(containers.map(({ id }) => killContainer(client, id, 'SIGKILL')));
}
