const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentDefaults {
  hostname?: string;
  home: string;
  terminal: boolean;
}

/** Docker's defaults first, each unless it is set; of a name that is set twice the last value stays at the first place. */
export function buildEnvironment(
  wishes: string[],
  { hostname, home, terminal }: EnvironmentDefaults,
): string[] {
  const defaults = [
    searchPath,
    ...(hostname === undefined ? [] : [`HOSTNAME=${hostname}`]),
    ...(terminal ? ['TERM=xterm'] : []),
  ];
  const values = new Map<string, string>();
  for (const entry of [...defaults, ...wishes]) values.set(nameOf(entry), entry);
  // A home that is set but empty counts as set.
  if (!values.has('HOME')) values.set('HOME', `HOME=${home}`);
  return [...values.values()];
}

function nameOf(entry: string): string {
  const end = entry.indexOf('=');
  return end < 0 ? entry : entry.slice(0, end);
}
