/** A reference as Docker shows it: `docker.io/library/busybox:1` is `busybox:1`. */
export interface ShownReference {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Takes a reference of the daemon apart and shortens its name. */
export function showReference(reference: string): ShownReference {
  const [named = '', digest] = reference.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon === -1 ? named : named.slice(0, colon);
  return { name: familiarName(name), tag: colon === -1 ? undefined : named.slice(colon + 1), digest };
}

export function familiarName(name: string): string {
  const withoutRegistry = name.replace(/^(?:index\.)?docker\.io\//, '');
  const isOfficial = withoutRegistry !== name || !name.includes('.');
  return isOfficial ? withoutRegistry.replace(/^library\/(?=[^/]+$)/, '') : name;
}

/** `key=value` pairs in order of their keys. */
export function joinLabels(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join(',');
}

/** Order in which `net9` comes before `net10`. */
export function compareNaturally(a: string, b: string): number {
  const chunks = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const left = chunks(a);
  const right = chunks(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    const isNumber = /^\d/.test(x) && /^\d/.test(y);
    const order = isNumber ? compareDigits(x, y) || x.length - y.length : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Two runs of digits by their value. An Intl.Collator would do it too, but costs eight milliseconds to make. */
function compareDigits(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
}
