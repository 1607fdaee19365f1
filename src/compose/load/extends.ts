import { asMapping, complain, type MappingNode, type Node, withEntry } from '#compose/document/node.ts';
import { merge } from '#compose/load/merge.ts';
import { fields, text } from '#compose/model/decode.ts';

const decodeExtends = fields({ service: text, file: text });

/** A file in long form, with its absolute name. */
interface Extended {
  readonly file: string;
  readonly content: MappingNode;
}

/**
 * Replaces `extends` of all services of a file by the merge of what they extend and what they say. `lookUp` reads another file, whose
 * relative paths start from where it lies.
 * @throws InvalidParameter when services extend each other in a circle, or one that is not there
 */
export function resolveExtends(
  file: string,
  content: MappingNode,
  lookUp: (path: string) => Extended,
): MappingNode {
  const services = content.entries.get('services');
  if (services === undefined || services.kind !== 'mapping') return content;
  const entries = [...services.entries].map(
    ([name, node]) => [name, resolveService({ file, content }, name, node, lookUp, [])] as const,
  );
  return withEntry(content, 'services', { ...services, entries: new Map(entries) });
}

function resolveService(
  where: Extended,
  name: string,
  node: Node,
  lookUp: (path: string) => Extended,
  trail: readonly string[],
): Node {
  const reference = node.kind === 'mapping' ? node.entries.get('extends') : undefined;
  if (node.kind !== 'mapping' || reference === undefined || reference.tag === 'reset') return node;
  const path = `services.${name}.extends`;
  const { service, file } = decodeExtends(reference, path);
  if (service === undefined) throw complain(reference.at, `${path}: "service" is missing`);
  const step = `${where.file}#${name}`;
  if (trail.includes(step)) {
    throw complain(reference.at, `${path}: services extend each other: ${[...trail, step].join(' → ')}`);
  }
  const target = file === undefined ? where : lookUp(file);
  const services = target.content.entries.get('services');
  const found = services === undefined ? undefined : asMapping(services, 'services').entries.get(service);
  if (found === undefined) {
    throw complain(reference.at, `${path}: service "${service}" is not in ${target.file}`);
  }
  const base = resolveService(target, service, found, lookUp, [...trail, step]);
  return merge(base, withEntry(node, 'extends', undefined), ['services', name]);
}
