import { executeFormat, executeTemplate, parseFormat } from '#cli/output/format.ts';
import { plainParts, printPlainHeader, printPlainRow } from '#cli/output/plain-format.ts';
import { layOutTable } from '#cli/output/table.ts';
import { functions, functionsForHeader } from '#cli/output/template/functions.ts';
import { escapeHtmlInJson, quoteJson, toJson } from '#cli/output/template/json.ts';
import { parseTemplate } from '#cli/output/template/parse.ts';
import {
  type GoType,
  type Method,
  sliceOf,
  stringType,
  stringValue,
  type Value,
} from '#cli/output/template/value.ts';
import { DhowError, messageOf } from '#errors/error.ts';

/** What a list command can show of each row. The names are those that users write in `--format`. */
export interface Listing<Row> {
  /** As it appears in messages about unknown names, such as `*formatter.ContainerContext`. */
  readonly typeName: string;
  readonly columns: Readonly<Record<string, Column<Row>>>;
  /** Gives the method `.Label "key"`. */
  readonly labels?: (row: Row) => Readonly<Record<string, string>> | null | undefined;
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | Value;
}

/**
 * Rows in a format: a Go template, `table TEMPLATE` with a header of titles, or `json` for one object a line.
 * @throws InvalidParameter when the template is wrong
 */
export function renderListing<Row>(listing: Listing<Row>, rows: readonly Row[], format: string): string {
  const isTable = format.startsWith('table');
  const template = parseFormat(sourceOf(format));
  const parts = plainParts(listing, template);
  const lines = rows.map((row) =>
    parts ? printPlainRow(listing, parts, row) : executeFormat(template, rowValue(listing, row), functions),
  );
  if (!isTable) return lines.map((line) => `${line}\n`).join('');
  const header = parts
    ? printPlainHeader(listing, parts)
    : executeFormat(template, headerValue(listing), functionsForHeader);
  return layOutTable(`${[header, ...lines].join('\n')}\n`);
}

/** All rows as one list, for a template of several listings. */
export function rowsValue<Row>(listing: Listing<Row>, rows: readonly Row[]): Value {
  const type = sliceOf({ kind: 'struct', name: listing.typeName });
  return { kind: 'slice', type, data: rows.map((row) => rowValue(listing, row)) };
}

/**
 * The columns that a format reads, found by printing one row of no interest. A caller can so ask the daemon for what costs it
 * work only when it is shown. Throws InvalidParameter with the words of `docker ps` when the template is wrong.
 */
export function findUsedColumns<Row>(listing: Listing<Row>, row: Row, format: string): Set<string> {
  const template = guarded('failed to parse template', () => parseTemplate(sourceOf(format), isFunction));
  const parts = plainParts(listing, template);
  if (parts) return new Set(parts.flatMap((part) => ('column' in part ? [part.column] : [])));
  const used = new Set<string>();
  const columns = Object.entries(listing.columns).map(([name, column]): [string, Column<Row>] => [
    name,
    {
      ...column,
      value: (shown) => {
        used.add(name);
        return column.value(shown);
      },
    },
  ]);
  const data = rowValue({ ...listing, columns: Object.fromEntries(columns) }, row);
  guarded('failed to execute template', () => executeTemplate(template, data));
  return used;
}

function guarded<T>(prefix: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new DhowError('InvalidParameter', `${prefix}: ${messageOf(error)}`, { cause: error });
  }
}

const isFunction = (name: string) => functions.has(name);

/** The template in what a user gave: without `table`, and with `\\t` and `\\n` as shells pass them. */
function sourceOf(format: string): string {
  const source = format === 'json' ? '{{json .}}' : format.replace(/^table/, '');
  return trimSpaces(source).replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

function trimSpaces(text: string): string {
  return text.replace(/^ +| +$/g, '');
}

/** A row as an object with one method for each column, so that only what a template names is computed. */
function rowValue<Row>(listing: Listing<Row>, row: Row): Value {
  const cell = (column: Column<Row>): Value => {
    const value = column.value(row);
    return typeof value === 'string' ? stringValue(value) : value;
  };
  const methods: Record<string, Method> = {};
  for (const [name, column] of Object.entries(listing.columns))
    methods[name] = { parameters: [], call: () => cell(column) };
  const { labels } = listing;
  if (labels !== undefined) {
    methods['Label'] = {
      parameters: [stringType],
      call: (_self, [name]) => stringValue(labels(row)?.[String(name?.data)] ?? ''),
    };
  }
  const encode = (): string => {
    const members = Object.entries(listing.columns)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, column]) => `${quoteJson(name)}:${toJson(cell(column))}`);
    return escapeHtmlInJson(`{${members.join(',')}}`);
  };
  const type: GoType = { kind: 'struct', name: listing.typeName, methods, encode, display: encode };
  return { kind: 'struct', type, data: new Map() };
}

/** In the header each name stands for its title, and a label for the last part of its key. */
function headerValue<Row>(listing: Listing<Row>): Value {
  const titles = Object.entries(listing.columns).map(([name, { title }]): [string, Value] => [
    name,
    stringValue(title),
  ]);
  const label: Method = {
    parameters: [stringType],
    call: (_self, [name]) => stringValue((String(name?.data).split('.').at(-1) ?? '').replace(/[-_]/g, ' ')),
  };
  const type: GoType = {
    kind: 'map',
    name: 'formatter.SubHeaderContext',
    element: stringType,
    methods: { Label: label },
  };
  return { kind: 'map', type, data: new Map(titles) };
}
