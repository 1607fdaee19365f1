/** The differences between two JSON values in what a client's types see: keys, kinds of values, and null against something. */
export function compareShapes(reference: unknown, other: unknown, dynamic: readonly RegExp[]): string[] {
  const differences: string[] = [];
  compare(reference, other, '', dynamic, differences);
  return differences;
}

function compare(
  reference: unknown,
  other: unknown,
  path: string,
  dynamic: readonly RegExp[],
  differences: string[],
): void {
  const [kind, otherKind] = [kindOf(reference), kindOf(other)];
  if (kind !== otherKind) {
    differences.push(`${path || '.'}: ${kind} is ${otherKind}`);
    return;
  }
  if (Array.isArray(reference) && Array.isArray(other)) {
    // One element stands for all; how many there are is no shape.
    if (reference.length > 0 && other.length > 0)
      compare(reference[0], other[0], `${path}[]`, dynamic, differences);
    else if (reference.length !== other.length)
      differences.push(
        `${path}[]: ${reference.length > 0 ? 'something is nothing' : 'nothing is something'}`,
      );
    return;
  }
  if (kind !== 'object') return;
  const [left, right] = [reference as Record<string, unknown>, other as Record<string, unknown>];
  if (dynamic.some((pattern) => pattern.test(path))) {
    const [first] = Object.values(left);
    const [second] = Object.values(right);
    if (first !== undefined && second !== undefined)
      compare(first, second, `${path}.*`, dynamic, differences);
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const place = `${path}.${key}`;
    if (!(key in right)) differences.push(`${place}: missing`);
    else if (!(key in left)) differences.push(`${place}: added`);
    else compare(left[key], right[key], place, dynamic, differences);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
