import { resolve } from 'node:path';
import {
  asMapping,
  complain,
  describeKind,
  isNull,
  type MappingNode,
  mapping,
  type Node,
  scalar,
  withEntry,
} from '#compose/document/node.ts';
import { identify } from '#compose/load/merge.ts';
import { longDevice, longPorts, longVolume, splitWords } from '#compose/load/short-forms.ts';
import { isRemote } from '#compose/remote-address.ts';

/** What relative paths of a file start from, and what `~` stands for. */
export interface Base {
  /** Undefined: paths are left as they are written. */
  readonly directory: string | undefined;
  readonly home: string | undefined;
  /** Whether variables are still in the file: what they are a part of cannot be taken apart. */
  readonly hasVariables: boolean;
}

type Change = (node: Node, base: Base, path: string) => Node;

/**
 * Turns the short forms of a whole file into long ones and makes paths absolute. Done before merging, so that a short form in one file
 * and a long one in another meet as equals.
 */
export function normaliseFile(file: MappingNode, base: Base): MappingNode {
  let result = file;
  for (const [section, changes] of Object.entries(sections)) {
    const node = file.entries.get(section);
    if (node === undefined || node.tag === 'reset') continue;
    const entries = [...asMapping(node, section).entries].map(([name, entry]) => {
      return [name, change(entry, changes, base, `${section}.${name}`)] as const;
    });
    result = withEntry(result, section, { ...asMapping(node, section), entries: new Map(entries) });
  }
  return result;
}

function change(node: Node, changes: Readonly<Record<string, Change>>, base: Base, path: string): Node {
  if (node.kind !== 'mapping') return node;
  const entries = [...node.entries].map(([key, value]) => {
    const apply = Object.hasOwn(changes, key) ? changes[key] : undefined;
    const keep = apply === undefined || isNull(value) || value.tag === 'reset';
    if (keep) return [key, value] as const;
    const changed = apply(value, base, `${path}.${key}`);
    return [key, value.tag === undefined ? changed : { ...changed, tag: value.tag }] as const;
  });
  return { ...node, entries: new Map(entries) };
}

function inside(changes: Readonly<Record<string, Change>>): Change {
  return (node, base, path) => change(node, changes, base, path);
}

/** `[KEY=value, KEY]` as a mapping. */
const pairs: Change = (node, _base, path) => {
  if (node.kind !== 'sequence') return node;
  const entries = node.items.map((item): [string, Node] => {
    const text = textOf(item, path);
    const equals = text.indexOf('=');
    if (equals === -1) return [text, scalar(null, item.at)];
    return [text.slice(0, equals), scalar(text.slice(equals + 1), item.at)];
  });
  return mapping(entries, node.at);
};

/** As `pairs`; a key alone has the empty text. */
const labels: Change = (node, base, path) => {
  const found = pairs(node, base, path);
  if (found.kind !== 'mapping') return found;
  const entries = [...found.entries].map(
    ([key, value]) => [key, isNull(value) && value.tag === undefined ? scalar('', value.at) : value] as const,
  );
  return { ...found, entries: new Map(entries) };
};

const listOfOne: Change = (node) =>
  node.kind === 'scalar' ? { kind: 'sequence', items: [node], at: node.at } : node;

const words: Change = (node, base, path) => {
  if (node.kind !== 'scalar' || holdsVariable(node, base)) return node;
  const items = splitWords(textOf(node, path), node.at).map((word) => scalar(word, node.at));
  return { kind: 'sequence', items, at: node.at };
};

/** Hosts are kept as `name=address`; the older notation has a colon. */
const hosts: Change = (node, base, path) => {
  const parts = node.kind === 'sequence' ? node.items : [node];
  if (parts.some((part) => holdsVariable(part, base))) return node;
  const lines =
    node.kind === 'mapping'
      ? [...node.entries].flatMap(([name, value]) =>
          (value.kind === 'sequence' ? value.items : [value]).map(
            (address) => [`${name}=${textOf(address, path)}`, address.at] as const,
          ),
        )
      : (node.kind === 'sequence' ? node.items : [node]).map(
          (item) => [textOf(item, path), item.at] as const,
        );
  const items = lines.map(([line, at]) => {
    const found = /^([^=:]+)[=:](.+)$/.exec(line);
    if (found === null) throw complain(at, `${path}: "${line}" is not HOST=ADDRESS`);
    return scalar(`${found[1]}=${(found[2] ?? '').replace(/^\[(.*)\]$/, '$1')}`, at);
  });
  return { kind: 'sequence', items, at: node.at };
};

/** `[a, b]` as a mapping of names to what `value` makes. */
function names(value: (item: Node) => Node): Change {
  return (node, _base, path) => {
    if (node.kind !== 'sequence') return node;
    return mapping(
      node.items.map((item) => [textOf(item, path), value(item)] as const),
      node.at,
    );
  };
}

/** Each text of a list as a mapping (or several); mappings go through `long`. */
function longForms(expand: (text: string, item: Node) => Node[], long: Change = (node) => node): Change {
  return (node, base, path) => {
    if (node.kind !== 'sequence') return node;
    const items = node.items.flatMap((item) =>
      item.kind === 'scalar' && item.tag !== 'reset' && !holdsVariable(item, base)
        ? expand(textOf(item, path), item)
        : [item],
    );
    return { ...node, items: items.map((item, index) => long(item, base, `${path}[${index}]`)) };
  };
}

const absolute: Change = (node, base, path) => {
  const text = textOf(node, path);
  if (base.directory === undefined) return node;
  if (text === '~' || text.startsWith('~/')) {
    if (base.home === undefined) throw complain(node.at, `${path}: "${text}" needs $HOME`);
    return scalar(base.home + text.slice(1), node.at);
  }
  return scalar(resolve(base.directory, text), node.at);
};

const context: Change = (node, base, path) =>
  isRemote(textOf(node, path)) ? node : absolute(node, base, path);

/** Each a directory, or an image, a service or an address. */
const contexts: Change = (node, base, path) => {
  const found = pairs(node, base, path);
  if (found.kind !== 'mapping') return found;
  const entries = [...found.entries].map(([name, value]) => {
    const named = textOf(value, `${path}.${name}`).startsWith('service:');
    return [name, named ? value : context(value, base, `${path}.${name}`)] as const;
  });
  return { ...found, entries: new Map(entries) };
};

/** `default`, or `ID=PATH` of a key or an agent's socket. */
const sshKeys: Change = (node, base, path) => {
  const found = pairs(node, base, path);
  if (found.kind !== 'mapping') return found;
  const entries = [...found.entries].map(
    ([id, value]) => [id, isNull(value) ? value : absolute(value, base, `${path}.${id}`)] as const,
  );
  return { ...found, entries: new Map(entries) };
};

const portDefaults: Change = (node) => {
  if (node.kind !== 'mapping') return node;
  const defaults = [
    ['mode', scalar('ingress', node.at)],
    ['protocol', scalar('tcp', node.at)],
  ] as const;
  return { ...node, entries: new Map([...defaults, ...node.entries]) };
};

const longPortForms = longForms((text, item) => longPorts(text, item.at), portDefaults);

/** Ports, each of them once. */
const ports: Change = (node, base, path) => {
  const long = longPortForms(node, base, path);
  if (long.kind !== 'sequence') return long;
  const items = new Map(long.items.map((item) => [identify(item, ['services', '', 'ports']), item]));
  return { ...long, items: [...items.values()] };
};

/** One path, or several. */
const paths: Change = (node, base, path) => {
  const list = listOfOne(node, base, path);
  return list.kind === 'sequence'
    ? { ...list, items: list.items.map((item) => absolute(item, base, path)) }
    : list;
};

const bindSource: Change = (node, base, path) => {
  const source = node.kind === 'mapping' ? node.entries.get('source') : undefined;
  if (node.kind !== 'mapping' || source === undefined) return node;
  const type = node.entries.get('type');
  return type?.kind === 'scalar' && type.value === 'bind'
    ? withEntry(node, 'source', absolute(source, base, `${path}.source`))
    : node;
};

const hookKeys = inside({ command: words, environment: pairs });

const fileReferences = longForms((_text, item) => [mapping([['source', item]], item.at)]);

const buildKeys = inside({
  additional_contexts: contexts,
  args: pairs,
  cache_from: listOfOne,
  cache_to: listOfOne,
  context,
  extra_hosts: hosts,
  labels,
  platforms: listOfOne,
  secrets: fileReferences,
  ssh: sshKeys,
  tags: listOfOne,
});

const build: Change = (node, base, path) =>
  buildKeys(node.kind === 'scalar' ? mapping([['context', node]], node.at) : node, base, path);

const envFiles: Change = (node, base, path) =>
  longForms(
    (_text, item) => [
      mapping(
        [
          ['path', item],
          ['required', scalar(true, item.at)],
        ],
        item.at,
      ),
    ],
    inside({ path: absolute }),
  )(listOfOne(node, base, path), base, path);

const healthTest: Change = (node) =>
  node.kind === 'scalar'
    ? { kind: 'sequence', items: [scalar('CMD-SHELL', node.at), node], at: node.at }
    : node;

const startCondition = (item: Node) =>
  mapping(
    [
      ['condition', scalar('service_started', item.at)],
      ['required', scalar(true, item.at)],
    ],
    item.at,
  );

const hooks = longForms((_text, item) => [item], hookKeys);

const develop = inside({
  watch: longForms(
    (_text, item) => [item],
    inside({ path: absolute, exec: hookKeys, ignore: listOfOne, include: listOfOne }),
  ),
});

/** All of what is asked for, where neither a number nor names are given. */
const deviceRequest: Change = (node) =>
  node.kind !== 'mapping' || node.entries.has('count') || node.entries.has('device_ids')
    ? node
    : withEntry(node, 'count', scalar('all', node.at));

const deviceRequests = longForms((_text, item) => [item], deviceRequest);

const gpus: Change = (node, base, path) =>
  deviceRequests(
    node.kind === 'scalar' ? { kind: 'sequence', items: [mapping([], node.at)], at: node.at } : node,
    base,
    path,
  );

const service: Readonly<Record<string, Change>> = {
  annotations: pairs,
  build,
  command: words,
  configs: fileReferences,
  depends_on: names(startCondition),
  deploy: inside({ labels, resources: inside({ reservations: inside({ devices: deviceRequests }) }) }),
  develop,
  devices: longForms((text, item) => [longDevice(text, item.at)]),
  dns: listOfOne,
  dns_opt: listOfOne,
  dns_search: listOfOne,
  entrypoint: words,
  env_file: envFiles,
  environment: pairs,
  extends: (node) => (node.kind === 'scalar' ? mapping([['service', node]], node.at) : node),
  extra_hosts: hosts,
  gpus,
  healthcheck: inside({ test: healthTest }),
  label_file: paths,
  labels,
  networks: names((item) => scalar(null, item.at)),
  ports,
  post_start: hooks,
  pre_stop: hooks,
  secrets: fileReferences,
  sysctls: pairs,
  tmpfs: listOfOne,
  volumes: longForms((text, item) => [longVolume(text, item.at)], bindSource),
};

const sections: Readonly<Record<string, Readonly<Record<string, Change>>>> = {
  services: service,
  networks: { labels },
  volumes: { labels },
  configs: { file: absolute, labels },
  secrets: { file: absolute, labels },
};

function holdsVariable(node: Node, { hasVariables }: Base): boolean {
  return hasVariables && node.kind === 'scalar' && node.source.includes('$');
}

function textOf(node: Node, path: string): string {
  if (node.kind === 'scalar' && node.value !== null) {
    return typeof node.value === 'string' ? node.value : node.source;
  }
  throw complain(node.at, `${path} must be a text, not ${describeKind(node)}`);
}
