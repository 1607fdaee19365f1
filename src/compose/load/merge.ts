import { type MappingNode, type Node, withEntry } from '#compose/document/node.ts';

/**
 * Merges a later file (or the service that extends) over an earlier one; both have only long forms.
 * Mappings merge key by key, lists are joined, and anything else is replaced. The exceptions: commands are replaced; ports, volumes,
 * configs and secrets with the same identity are merged; a logging section of another driver replaces the earlier one.
 * `!reset` removes, `!override` replaces. Source: Compose specification, "Merge".
 */
export function merge(earlier: Node, later: Node, path: readonly string[] = []): Node {
  if (later.tag === 'override') return clean(later);
  if (later.kind === 'scalar') return later.value === null && !keepsNull(path) ? earlier : later;
  if (matches(path, replaced)) return later;
  if (earlier.kind === 'mapping' && later.kind === 'mapping') {
    if (path.at(-1) === 'logging' && driverOf(earlier) !== driverOf(later)) return clean(later);
    let result: MappingNode = { ...earlier, at: later.at };
    for (const [key, value] of later.entries) {
      const before = earlier.entries.get(key);
      if (value.tag === 'reset') result = withEntry(result, key, undefined);
      else result = withEntry(result, key, before ? merge(before, value, [...path, key]) : clean(value));
    }
    return result;
  }
  if (earlier.kind === 'sequence' && later.kind === 'sequence') {
    const items: Node[] = [...earlier.items];
    for (const item of later.items) {
      const identity = identify(item, path);
      const index = items.findIndex((other) => identify(other, path) === identity);
      const other = items[index];
      if (other === undefined) items.push(clean(item));
      else items[index] = merge(other, item, [...path, '[]']);
    }
    return { ...later, items };
  }
  return clean(later);
}

/** Takes out what is marked by `!reset`, for a value that replaces nothing. */
export function clean(node: Node): Node {
  if (node.kind === 'mapping') {
    const kept = [...node.entries].filter(([, value]) => value.tag !== 'reset');
    const { tag: _tag, ...rest } = node;
    return { ...rest, entries: new Map(kept.map(([key, value]) => [key, clean(value)])) };
  }
  if (node.kind !== 'sequence') return node;
  const { tag: _tag, ...rest } = node;
  return { ...rest, items: node.items.filter((item) => item.tag !== 'reset').map(clean) };
}

const replaced = ['command', 'entrypoint', 'healthcheck.test'];
/** Here a key without a value means something: take it from the environment, or join with no settings. */
const nullable = ['environment.*', 'build.args.*'];

function keepsNull(path: readonly string[]): boolean {
  return matches(path, nullable);
}

/** Whether a path `services.NAME.…` ends as one of the patterns says. */
function matches(path: readonly string[], patterns: readonly string[]): boolean {
  if (path[0] !== 'services') return false;
  const inner = path.slice(2);
  return patterns.some((pattern) => {
    const parts = pattern.split('.');
    return (
      parts.length === inner.length && parts.every((part, index) => part === '*' || part === inner[index])
    );
  });
}

const identities: Readonly<Record<string, readonly string[]>> = {
  ports: ['host_ip', 'published', 'target', 'protocol'],
  volumes: ['target'],
  configs: ['target', 'source'],
  secrets: ['target', 'source'],
  env_file: ['path'],
};

/** Equal for two items of a list that mean the same thing, such as one port. @param path of the list, `services.NAME.…` */
export function identify(item: Node, path: readonly string[]): unknown {
  if (item.kind === 'scalar') return String(item.value);
  const keys = path[0] === 'services' && path.length === 3 ? identities[path[2] ?? ''] : undefined;
  if (item.kind !== 'mapping' || keys === undefined) return item;
  const textAt = (key: string) => {
    const node = item.entries.get(key);
    return node?.kind === 'scalar' ? String(node.value) : '';
  };
  const [first = '', second] = keys;
  if (second === 'source') return textAt(first) || textAt(second);
  return keys.map(textAt).join(' ');
}

function driverOf(node: MappingNode): unknown {
  const driver = node.entries.get('driver');
  return driver?.kind === 'scalar' ? driver.value : undefined;
}
