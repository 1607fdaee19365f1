import type { CliContext } from '#cli/context.ts';
import { evaluateTemplate } from '#cli/output/template/evaluate.ts';
import { type FunctionTable, functions } from '#cli/output/template/functions.ts';
import { decodeJson, fromJson, parseJson } from '#cli/output/template/json.ts';
import { parseTemplate, type Template } from '#cli/output/template/parse.ts';
import type { GoType, Value } from '#cli/output/template/value.ts';
import { DhowError, isDhowError } from '#errors/error.ts';

/**
 * Parses what a user gave to `--format`.
 * @throws InvalidParameter: `template parsing error: template: :1: …`, with Docker's words
 */
export function parseFormat(text: string, name = ''): Template {
  try {
    return parseTemplate(text, (word) => functions.has(word), name);
  } catch (error) {
    throw asTemplateError(error);
  }
}

/** Executes a template on one value. Throws InvalidParameter with Docker's words. */
export function executeFormat(template: Template, data: Value, table: FunctionTable = functions): string {
  try {
    return evaluateTemplate(template, data, { functions: table, missingKey: 'no-value' });
  } catch (error) {
    throw asTemplateError(error);
  }
}

/** The same, with the evaluator's own words alone, as `info` and `version` print them. */
export function executeTemplate(template: Template, data: Value): string {
  return evaluateTemplate(template, data, { functions, missingKey: 'no-value' });
}

/** Executes and prints a template of `info` or `version`, which end their line also when the template fails. */
export function printTemplate(context: CliContext, template: Template, data: Value): void {
  let output = '';
  try {
    output = executeTemplate(template, data);
  } finally {
    context.stdout.write(`${output}\n`);
  }
}

/**
 * Executes a template on an answer of the daemon, as `inspect --format` does: first on the known type, and when that fails (a
 * newer daemon may send what the type does not have) on the JSON as it came, where a missing member is an error.
 */
export function executeOnJson(template: Template, type: GoType, json: string): string {
  const parsed = parseJson(json);
  try {
    return evaluateTemplate(template, decodeJson(type, parsed), { functions, missingKey: 'no-value' });
  } catch (error) {
    if (!isDhowError(error)) throw error;
  }
  try {
    return evaluateTemplate(template, fromJson(parsed), { functions, missingKey: 'error' });
  } catch (error) {
    throw asTemplateError(error);
  }
}

function asTemplateError(error: unknown): unknown {
  if (!isDhowError(error)) return error;
  return new DhowError(error.kind, `template parsing error: ${error.message}`, { cause: error });
}
