import {
  type Candidate,
  type Candidates,
  findCandidates,
  type ObjectKind,
} from '#cli/completion/find-candidates.ts';
import type { CliContext } from '#cli/context.ts';
import { globalOptions } from '#cli/global-options.ts';
import { type CommandEntry, groups } from '#cli/registry.ts';
import { listContainers } from '#client/containers.ts';
import { listImages } from '#client/images.ts';
import { listNetworks } from '#client/networks.ts';
import { listVolumes } from '#client/volumes.ts';

/**
 * Asked by the scripts of `completion`: prints one candidate a line, a tab before its explanation, and `:files` when paths are
 * possible.
 * @param words of the command line, the last one being typed
 */
export async function complete(
  registry: readonly CommandEntry[],
  context: CliContext,
  words: readonly string[],
): Promise<number> {
  const candidates = await findCandidates({ registry, groups, globalOptions }, words);
  const named = await Promise.all(candidates.objects.map((kind) => namesOf(context, kind, candidates)));
  const current = words.at(-1) ?? '';
  const lines = [...candidates.words, ...named.flat()]
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, help }) => (help === '' ? word : `${word}\t${help}`));
  if (candidates.files) lines.push(':files');
  context.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return 0;
}

/** A daemon that does not answer has no names to offer, and the user is not to be disturbed at typing. */
async function namesOf(
  context: CliContext,
  kind: ObjectKind,
  { services }: Candidates,
): Promise<Candidate[]> {
  try {
    const names = kind === 'service' ? (services?.(context) ?? []) : await list[kind](context);
    return names.map((word) => ({ word, help: '' }));
  } catch {
    return [];
  }
}

const list: Readonly<Record<Exclude<ObjectKind, 'service'>, (context: CliContext) => Promise<string[]>>> = {
  container: (context) => containerNames(context, true),
  'running-container': (context) => containerNames(context, false),
  image: async ({ client, signal }) => {
    const images = await listImages(client, {}, signal);
    return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => !tag.includes('<none>'));
  },
  network: async ({ client, signal }) =>
    (await listNetworks(client, undefined, signal)).map(({ Name }) => Name),
  volume: async ({ client, signal }) =>
    ((await listVolumes(client, undefined, signal)).Volumes ?? []).map(({ Name }) => Name),
};

async function containerNames({ client, signal }: CliContext, all: boolean): Promise<string[]> {
  const containers = await listContainers(client, { all }, signal);
  return containers.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, '')));
}
