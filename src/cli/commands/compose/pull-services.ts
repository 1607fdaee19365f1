import type { Manner } from '#cli/commands/compose/manner.ts';
import { resolveDigest } from '#cli/commands/compose/resolve-digest.ts';
import { type StepScreen, showSteps } from '#cli/commands/compose/show-steps.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { failureOf } from '#cli/output/progress.ts';
import { humanSize } from '#cli/output/size.ts';
import { pullImage } from '#client/images.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { Project } from '#compose/project.ts';
import { createTurns } from '#compose/turns.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

/**
 * Pulls the images of services, each once, all at the same time.
 * @throws the first failure when all have ended, unless failures are ignored
 */
export async function pullServices(
  context: CliContext,
  manner: Manner,
  project: Project,
  services: readonly string[],
  settings: { ignoreFailures: boolean; quiet: boolean },
): Promise<void> {
  using screen = showSteps(context, settings.quiet ? { ...manner, progress: 'quiet' } : manner);
  const turn = createTurns(manner.parallel);
  const platforms = new Map(
    services.map((name) => [imageOf(project, name), findService(project.services, name).platform] as const),
  );
  const pulls = [...platforms].map(([image, platform]) =>
    turn(() => pullOne(context, manner, image, platform, screen)),
  );
  const results = await Promise.allSettled(pulls);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined && !settings.ignoreFailures) throw failed.reason;
}

async function pullOne(
  context: CliContext,
  { dryRun }: Manner,
  image: string,
  platform: string | undefined,
  { report, isPainted }: StepScreen,
): Promise<void> {
  const { name, tag, digest } = splitReference(image);
  const subject = `Image ${image}`;
  report({ subject, state: 'working', text: 'Pulling' });
  try {
    if (dryRun) {
      await resolveDigest(context, image);
      report({ subject, state: 'done', text: 'Pulled' });
      return;
    }
    const auth = encodeAuthHeader(
      await findCredentials(context.configDirectory, registryOf(name), context.signal),
    );
    const request = { fromImage: canonicalName(name), tag: digest ?? tag ?? 'latest', platform, auth };
    const layers = new Map<string, { current: number; total: number }>();
    for await (const message of await pullImage(context.client, request, context.signal)) {
      const failure = failureOf(message);
      if (failure !== undefined) throw failure;
      const { current, total } = message.progressDetail ?? {};
      if (current === undefined || total === undefined || !isPainted) continue;
      layers.set(message.id ?? '', { current, total });
      const sums = [...layers.values()];
      const sum = (key: 'current' | 'total') =>
        humanSize(
          sums.reduce((amount, layer) => amount + layer[key], 0),
          3,
        );
      report({ subject, state: 'working', text: `Pulling ${sum('current')}/${sum('total')}` });
    }
    report({ subject, state: 'done', text: 'Pulled' });
  } catch (error) {
    report({ subject, state: 'failed', text: 'Error' });
    throw error;
  }
}
