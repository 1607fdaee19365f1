/** Filters as the API takes them: each key with its values. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Undefined for no filters, so that the parameter is left out. */
export function encodeFilters(filters: Filters | undefined): string | undefined {
  return filters === undefined || Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}
