/** What a schema of Swagger 2.0 says, as far as the Engine API's description uses it. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  enum?: unknown[];
  'x-nullable'?: boolean;
}

export interface ApiDescription {
  definitions: Record<string, Schema>;
  responses?: Record<string, { schema?: Schema }>;
  paths: Record<string, Record<string, { responses: Record<string, { $ref?: string; schema?: Schema }> }>>;
}

/**
 * Where an answer is not as described: members that are missing or that the description does not have, values of another type, null where none
 * may be. Each difference once, however many elements have it.
 */
export function compareWithSchema(api: ApiDescription, schema: Schema, value: unknown): string[] {
  const differences = new Set<string>();
  compare(api, schema, value, '', differences);
  return [...differences];
}

/** The schema of the answer to a call; undefined when the description has no such call or says nothing of the body. */
export function findSchema(
  api: ApiDescription,
  method: string,
  path: string,
  status: number,
): Schema | undefined {
  const words = path.replace(/\?.*/, '').split('/');
  const described = Object.entries(api.paths).find(([template]) => {
    const pattern = template.split('/');
    return (
      pattern.length === words.length &&
      pattern.every((word, index) => word.startsWith('{') || word === words[index])
    );
  });
  const response = described?.[1][method.toLowerCase()]?.responses[String(status)];
  return response?.$ref ? api.responses?.[nameOf(response.$ref)]?.schema : response?.schema;
}

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1);

function resolve(api: ApiDescription, { $ref, ...rest }: Schema): Schema {
  const base = $ref === undefined ? rest : { ...resolve(api, api.definitions[nameOf($ref)] ?? {}), ...rest };
  if (base.allOf === undefined) return base;
  const parts = base.allOf.map((part) => resolve(api, part));
  return {
    ...Object.assign({}, ...parts),
    ...base,
    properties: Object.assign({}, ...parts.map(({ properties }) => properties), base.properties),
  };
}

function compare(
  api: ApiDescription,
  raw: Schema,
  value: unknown,
  path: string,
  differences: Set<string>,
): void {
  const schema = resolve(api, raw);
  const tell = (what: string): void => void differences.add(`${path || '.'}: ${what}`);
  const type = schema.type ?? (schema.properties ? 'object' : undefined);
  if (value === null) {
    if (schema['x-nullable'] !== true && type !== undefined) tell(`null, and not ${type}`);
    return;
  }
  if (type !== undefined && !isOfType(value, type)) {
    tell(`${typeof value} and not ${type}`);
    return;
  }
  if (schema.enum?.every((one) => JSON.stringify(one) !== JSON.stringify(value)))
    tell(`${JSON.stringify(value)} is none of its values`);
  if (Array.isArray(value)) {
    for (const item of value) compare(api, schema.items ?? {}, item, `${path}[]`, differences);
  } else if (typeof value === 'object') compareMembers(api, schema, value, path, differences);
}

function compareMembers(
  api: ApiDescription,
  { properties, additionalProperties }: Schema,
  value: object,
  path: string,
  differences: Set<string>,
): void {
  const members = new Map(Object.entries(value));
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (members.has(name)) compare(api, schema, members.get(name), `${path}.${name}`, differences);
    else differences.add(`${path}.${name}: missing`);
    members.delete(name);
  }
  for (const [name, member] of members) {
    if (typeof additionalProperties === 'object')
      compare(api, additionalProperties, member, `${path}.*`, differences);
    else if (properties !== undefined) differences.add(`${path}.${name}: not described`);
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
