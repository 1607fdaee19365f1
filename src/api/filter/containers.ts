import type { Filters } from '#api/decode/filters.ts';
import { parsePort } from '#api/decode/ports.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import { textMatcher } from '#api/filter/text-matcher.ts';
import type { ContainerView } from '#engine/containers.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';

export const containerFilterNames = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

const healths = ['none', 'starting', 'healthy', 'unhealthy'];
const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/**
 * The predicate of `GET /containers/json`'s filters; everything that does not depend on the container is resolved once.
 * @throws InvalidParameter for a value that cannot be; NotFound for `before` and `since` naming no container
 */
export function containerFilter(
  filters: Filters,
  engine: Pick<Engine, 'containers' | 'images'>,
): (view: ContainerView) => boolean {
  for (const status of filters.values('status')) {
    if (!states.includes(status))
      throw new DhowError('InvalidParameter', `invalid filter 'status=${status.slice(0, 60)}'`);
  }
  for (const code of filters.values('exited')) {
    if (!/^-?\d+$/.test(code))
      throw new DhowError('InvalidParameter', `invalid filter 'exited=${code.slice(0, 60)}'`);
  }
  for (const health of filters.values('health')) {
    if (!healths.includes(health))
      throw new DhowError('InvalidParameter', `unrecognized filter value for health: ${health.slice(0, 60)}`);
  }
  const ids = filters.values('id').map(textMatcher);
  const names = filters.values('name').map(textMatcher);
  const before = filters.values('before').map((name) => engine.containers.get(name).createdAt);
  const since = filters.values('since').map((name) => engine.containers.get(name).createdAt);
  const ancestors = filters.values('ancestor').map((name) => engine.images.find(name));
  const exposed = filters.values('expose').map(parsePortRange);
  const published = filters.values('publish').map(parsePortRange);

  return (view) =>
    (ids.length === 0 || ids.some((matches) => matches(view.id))) &&
    (names.length === 0 || names.some((matches) => matches(view.name) || matches(`/${view.name}`))) &&
    filters.labels(view.effective.labels) &&
    filters.some('status', (status) => status === view.state.status) &&
    filters.some(
      'exited',
      (code) => view.state.status === 'exited' && view.state.exitCode === Number(code),
    ) &&
    filters.some('health', (health) => health === (view.health?.status ?? 'none')) &&
    // None is a task of a swarm.
    filters.some('is-task', (value) => value === 'false' || value === '0') &&
    before.every((date) => view.createdAt < date) &&
    since.every((date) => view.createdAt > date) &&
    (ancestors.length === 0 || ancestors.some((image) => descendsFrom(view, image, engine))) &&
    filters.some('network', (network) => isOnNetwork(view, network)) &&
    filters.some('volume', (volume) => hasVolume(view, volume)) &&
    (exposed.length === 0 || exposed.some((range) => view.effective.exposedPorts.some(range))) &&
    (published.length === 0 || published.some((range) => publishedKeys(view).some(range)));
}

/** The container's own image, or one that was built on top of the ancestor: its layers go on where the ancestor's end. */
function descendsFrom(
  view: ContainerView,
  ancestor: ImageRecord | undefined,
  engine: Pick<Engine, 'images'>,
): boolean {
  if (ancestor === undefined) return false;
  if (view.imageId === ancestor.id) return true;
  const layers = engine.images.find(view.imageId)?.config.rootfs.diff_ids ?? [];
  const base = ancestor.config.rootfs.diff_ids;
  return layers.length > base.length && base.every((layer, index) => layer === layers[index]);
}

function isOnNetwork(view: ContainerView, network: string): boolean {
  return (
    view.settings.networks.some((each) => each.network === network) ||
    view.endpoints.some(
      ({ networkName, networkId }) =>
        networkName === network || (/^[0-9a-f]{12,64}$/.test(network) && networkId.startsWith(network)),
    )
  );
}

function hasVolume(view: ContainerView, volume: string): boolean {
  return view.mounts.some(({ name, source, target }) => [name, source, target].includes(volume));
}

/** Of the host, and so of a container that runs. */
function publishedKeys(view: ContainerView): string[] {
  return view.ports.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`);
}

/** `80`, `80/tcp`, `8000-8080/udp`. */
function parsePortRange(text: string): (key: string) => boolean {
  const [range = '', protocol = 'tcp'] = text.split('/');
  const [first = '', last = first] = range.split('-');
  const low = parsePort(`${first}/${protocol}`, 'filters').port;
  const high = parsePort(`${last}/${protocol}`, 'filters').port;
  return (key) => {
    const [port, type] = key.split('/');
    return type === protocol && Number(port) >= low && Number(port) <= high;
  };
}
