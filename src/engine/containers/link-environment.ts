/** What a linking container is told of the container that it links to. */
export interface LinkTarget {
  alias: string;
  /** `/web/db`: the linking container's name and the alias. */
  name: string;
  address: string;
  /** Such as `80/tcp`; ranges are `8000-8010/tcp`. */
  exposedPorts: readonly string[];
  environment: readonly string[];
}

interface Port {
  number: number;
  protocol: string;
}

/**
 * The environment variables of a link, as Docker has made them since links exist: where the first port is, where each port
 * is, and what the target's environment says.
 */
export function linkEnvironment({ alias, name, address, exposedPorts, environment }: LinkTarget): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = exposedPorts.flatMap(expand).sort(byNumberTcpFirst);
  const url = ({ number, protocol }: Port): string => `${protocol}://${address}:${number}`;
  const variables: string[] = [];
  const [first] = ports;
  if (first) variables.push(`${prefix}_PORT=${url(first)}`);
  for (const { from, to } of runsOf(ports)) {
    const base = `${prefix}_PORT_${from.number}_${from.protocol.toUpperCase()}`;
    variables.push(
      `${base}_START=${url(from)}`,
      `${base}_ADDR=${address}`,
      `${base}_PROTO=${from.protocol}`,
      `${base}_PORT_START=${from.number}`,
      `${base}_END=${url(to)}`,
      `${base}_PORT_END=${to.number}`,
    );
  }
  for (const port of ports) {
    const base = `${prefix}_PORT_${port.number}_${port.protocol.toUpperCase()}`;
    variables.push(
      `${base}=${url(port)}`,
      `${base}_ADDR=${address}`,
      `${base}_PORT=${port.number}`,
      `${base}_PROTO=${port.protocol}`,
    );
  }
  variables.push(`${prefix}_NAME=${name}`);
  for (const variable of environment) {
    const equals = variable.indexOf('=');
    // Every container has these: they say nothing about the target.
    if (equals < 1 || ['HOME', 'PATH'].includes(variable.slice(0, equals))) continue;
    variables.push(`${prefix}_ENV_${variable}`);
  }
  return [...new Set(variables)];
}

/** Sequences of at least two ports that follow each other. */
function runsOf(ports: readonly Port[]): { from: Port; to: Port }[] {
  const runs: { from: Port; to: Port }[] = [];
  for (let start = 0; start < ports.length; ) {
    let end = start;
    while (follows(ports[end], ports[end + 1])) end++;
    const [from, to] = [ports[start], ports[end]];
    if (from && to && end > start) runs.push({ from, to });
    start = end + 1;
  }
  return runs;
}

function follows(one: Port | undefined, next: Port | undefined): boolean {
  return (
    one !== undefined &&
    next !== undefined &&
    one.protocol === next.protocol &&
    next.number === one.number + 1
  );
}

function byNumberTcpFirst(one: Port, other: Port): number {
  return one.number - other.number || Number(other.protocol === 'tcp') - Number(one.protocol === 'tcp');
}

function expand(text: string): Port[] {
  const match = /^(\d+)(?:-(\d+))?\/(\w+)$/.exec(text);
  if (!match) return [];
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  const protocol = match[3] ?? 'tcp';
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    number: first + index,
    protocol,
  }));
}
