import { Writable } from 'node:stream';
import { type ProgressKind, progressKind } from '#cli/commands/build/follow-build.ts';
import { type BuildSettings, buildService } from '#cli/commands/compose/build-service.ts';
import { createLogPrinter, type LogWriter } from '#cli/commands/compose/log-printer.ts';
import { type Manner, progressOutput } from '#cli/commands/compose/manner.ts';
import { reportWork, showSteps } from '#cli/commands/compose/show-steps.ts';
import type { CliContext, Output } from '#cli/context.ts';
import { builtBefore, orderBuilds } from '#compose/build-inputs.ts';
import { imageOf } from '#compose/container-request.ts';
import type { Project } from '#compose/project.ts';
import { createTurns } from '#compose/turns.ts';

/**
 * Builds the images of services, and of those that they are built from, all at the same time but for these, which come first: each line
 * then stands behind its service's name.
 * @returns how many warnings there were
 * @throws the first failure, after which the others are given up
 */
export async function buildServices(
  context: CliContext,
  manner: Manner,
  project: Project,
  wanted: readonly string[],
  settings: BuildSettings,
): Promise<number> {
  const services = orderBuilds(project, wanted);
  if (manner.dryRun) {
    using screen = showSteps(context, manner);
    for (const name of services) {
      const work = { subject: `Image ${imageOf(project, name)}`, text: 'Building', ended: 'Built' };
      await reportWork(screen, work, async () => undefined);
    }
    return 0;
  }
  const output = progressOutput(context, manner);
  const progress = settings.quiet ? 'quiet' : kindOfProgress(context, manner, output);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const turn = createTurns(manner.parallel);
  const isShared = services.length > 1 && progress !== 'rawjson';
  const printer = createLogPrinter({ stdout: output, stderr: output, colour: false, prefix: true }, services);
  const begun = new Map<string, Promise<number>>();
  const build = async (name: string): Promise<number> => {
    await Promise.all(builtBefore(project, name).map((other) => begun.get(other)));
    return turn(async () => {
      signal.throwIfAborted();
      const own = isShared ? createLineOutput(printer(name)) : output;
      // Only one can paint.
      const kind = isShared && progress === 'tty' ? 'plain' : progress;
      return await buildService(context, project, name, settings, { output: own, kind, signal });
    });
  };
  for (const name of services) {
    const building = build(name).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
    begun.set(name, building);
  }
  const builds = [...begun.values()];
  await Promise.allSettled(builds);
  if (stop.signal.aborted) throw stop.signal.reason;
  return (await Promise.all(builds)).reduce((sum, count) => sum + count, 0);
}

function kindOfProgress({ environment }: CliContext, { progress }: Manner, { isTTY }: Output): ProgressKind {
  if (progress === 'json') return 'rawjson';
  const wanted = progress === 'auto' ? environment['BUILDKIT_PROGRESS'] : progress;
  return progressKind(wanted, isTTY === true);
}

/** Gives whole lines on. */
function createLineOutput(writer: LogWriter): Output {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(piece: Buffer | string, _encoding, done) {
      const lines = `${rest}${piece.toString()}`.split('\n');
      rest = lines.pop() ?? '';
      const print = async () => {
        for (const line of lines) await writer.line('stderr', line);
      };
      print().then(() => done(), done);
    },
  });
}
