import { showSteps } from '#cli/commands/compose/show-steps.ts';
import { canonicalName, splitReference } from '#cli/commands/image/reference-text.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, registryOf } from '#cli/credentials.ts';
import { failureOf } from '#cli/output/progress.ts';
import { humanSize } from '#cli/output/size.ts';
import { pullImage } from '#client/images.ts';
import { imageOf } from '#compose/container-request.ts';
import { findService } from '#compose/dependencies.ts';
import type { StepReport } from '#compose/execute.ts';
import type { Project } from '#compose/project.ts';
import { encodeAuthHeader } from '#wire/auth.ts';

/**
 * Pulls the images of services, each once, all at the same time.
 * @throws the first failure when all have ended, unless failures are ignored
 */
export async function pullServices(
  context: CliContext,
  project: Project,
  services: readonly string[],
  settings: { ignoreFailures: boolean; quiet: boolean },
): Promise<void> {
  using screen = settings.quiet ? undefined : showSteps(context.stderr);
  const report = screen?.report ?? (() => {});
  const platforms = new Map(
    services.map((name) => [imageOf(project, name), findService(project.services, name).platform] as const),
  );
  const pulls = [...platforms].map(([image, platform]) => pullOne(context, image, platform, report));
  const results = await Promise.allSettled(pulls);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined && !settings.ignoreFailures) throw failed.reason;
}

async function pullOne(
  context: CliContext,
  image: string,
  platform: string | undefined,
  report: (report: StepReport) => void,
): Promise<void> {
  const { name, tag, digest } = splitReference(image);
  const subject = `Image ${image}`;
  report({ subject, state: 'working', text: 'Pulling' });
  try {
    const auth = encodeAuthHeader(
      await findCredentials(context.configDirectory, registryOf(name), context.signal),
    );
    const request = { fromImage: canonicalName(name), tag: digest ?? tag ?? 'latest', platform, auth };
    const layers = new Map<string, { current: number; total: number }>();
    for await (const message of await pullImage(context.client, request, context.signal)) {
      const failure = failureOf(message);
      if (failure !== undefined) throw failure;
      const { current, total } = message.progressDetail ?? {};
      // Lines without a terminal would be hundreds.
      if (current === undefined || total === undefined || context.stderr.isTTY !== true) continue;
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
