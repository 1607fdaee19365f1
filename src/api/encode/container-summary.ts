import { statusText } from '#api/encode/container-state.ts';
import { encodeMounts } from '#api/encode/mounts.ts';
import { encodeNetworks, summarizePorts } from '#api/encode/network-settings.ts';
import { epochSecondsOf } from '#api/encode/timestamps.ts';
import { listedHealthMinor } from '#api/versions.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { ContainerSummary } from '#wire/containers.ts';

export interface SummaryContext {
  now: Date;
  minor: number;
  /** Whether the name that the container was created with still points at its image. */
  imageNameHolds: boolean;
  size?: { writableBytes: number; rootBytes: number };
}

/** A row of `docker ps`. */
export function encodeContainerSummary(view: ContainerView, context: SummaryContext): ContainerSummary {
  const { settings, effective } = view;
  const { annotations, networkMode } = settings.host;
  const { size } = context;
  return {
    Id: view.id,
    Names: [`/${view.name}`, ...view.linkNames],
    Image: context.imageNameHolds ? settings.image : view.imageId,
    ImageID: view.imageId,
    Command: commandText([...effective.entrypoint, ...effective.command]),
    Created: epochSecondsOf(view.createdAt),
    Ports: summarizePorts(view),
    // Nothing is left out, as by Go.
    ...(size?.writableBytes ? { SizeRw: size.writableBytes } : {}),
    ...(size?.rootBytes ? { SizeRootFs: size.rootBytes } : {}),
    Labels: effective.labels,
    State: view.state.status,
    Status: statusText(view.state, context.now, view.health),
    HostConfig: {
      NetworkMode: networkMode,
      ...(Object.keys(annotations).length > 0 ? { Annotations: annotations } : {}),
    },
    NetworkSettings: { Networks: encodeNetworks(view) },
    Mounts: encodeMounts(view.mounts),
    ...(context.minor >= listedHealthMinor
      ? {
          Health: {
            Status: view.health?.status ?? 'none',
            FailingStreak: view.health?.failingStreak ?? 0,
          },
        }
      : {}),
  };
}

/** Arguments with a space are quoted; the program is not. */
function commandText(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  return [program, ...rest.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ');
}
