import { complain, mapping, type Node, type Place, scalar } from '#compose/document/node.ts';

/** `[HOST_IP:][PUBLISHED:]TARGET[/PROTOCOL]` with ranges, as one long form for each port. */
export function longPorts(text: string, at: Place): Node[] {
  const found =
    /^(?:(?:(\[[0-9a-fA-F:.%]+\]|[^:[\]]*):)?(\d+(?:-\d+)?)?:)?(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text);
  if (found === null)
    throw complain(at, `invalid port "${text}": expected [HOST_IP:][PUBLISHED:]TARGET[/PROTOCOL]`);
  const [, address, published, first = '', last = first, protocol = 'tcp'] = found;
  const count = Number(last) - Number(first) + 1;
  if (Number(first) < 1 || Number(last) > 65_535 || count < 1) throw complain(at, `invalid port "${text}"`);
  const [from, to = from] = (published ?? '').split('-');
  const width = Number(to) - Number(from) + 1;
  const spread = published !== undefined && width === count;
  // One target may take any port of a published range; other widths mean nothing.
  if (published !== undefined && !spread && count !== 1) {
    throw complain(at, `invalid port "${text}": the ranges are not equally long`);
  }
  if (Number(to) > 65_535 || width < 1) throw complain(at, `invalid port "${text}"`);
  return Array.from({ length: count }, (_, index) => {
    const entries: [string, Node][] = [
      ['mode', scalar('ingress', at)],
      ['target', scalar(Number(first) + index, at)],
    ];
    if (published !== undefined) {
      entries.push(['published', scalar(spread ? String(Number(from) + index) : published, at)]);
    }
    if (address) entries.push(['host_ip', scalar(address.replace(/^\[|\]$/g, ''), at)]);
    entries.push(['protocol', scalar(protocol, at)]);
    return mapping(entries, at);
  });
}

/** `HOST[:CONTAINER[:rwm]]`, or the name of a device that a runtime knows: `vendor.com/class=name`. */
export function longDevice(text: string, at: Place): Node {
  const [source = '', second, third, ...rest] = text.split(':');
  const isMode = (part: string | undefined) => part !== undefined && /^[rwm]{1,3}$/.test(part);
  const permissions = third ?? (isMode(second) ? second : undefined) ?? 'rwm';
  const isNamed = /^[\w.-]+\/[\w.-]+=/.test(source);
  if (!(source.startsWith('/') || isNamed) || rest.length > 0 || !isMode(permissions)) {
    throw complain(at, `device "${text}" is not of the form /dev/HOST[:/dev/CONTAINER[:rwm]]`);
  }
  const target = second === undefined || (third === undefined && isMode(second)) ? source : second;
  return mapping(
    [
      ['source', scalar(source, at)],
      ['target', scalar(target, at)],
      ['permissions', scalar(permissions, at)],
    ],
    at,
  );
}

/** `[SOURCE:]TARGET[:OPTIONS]`; a source with a slash, a dot or a tilde in front is a path of the host, else a volume's name. */
export function longVolume(text: string, at: Place): Node {
  const parts = text.split(':');
  if (text === '' || parts.length > 3 || parts.some((part) => part === '')) {
    throw complain(at, `invalid volume "${text}": expected [SOURCE:]TARGET[:OPTIONS]`);
  }
  const [source, target, options] = parts.length === 1 ? [undefined, parts[0], undefined] : parts;
  const isPath = source !== undefined && /^[./~]/.test(source);
  const entries: [string, Node][] = [['type', scalar(isPath ? 'bind' : 'volume', at)]];
  if (source !== undefined) entries.push(['source', scalar(source, at)]);
  entries.push(['target', scalar(target ?? '', at)]);
  const bind: [string, Node][] = isPath ? [['create_host_path', scalar(true, at)]] : [];
  const volume: [string, Node][] = [];
  for (const option of options === undefined ? [] : options.split(',')) {
    if (option === 'ro') entries.push(['read_only', scalar(true, at)]);
    else if (option === 'nocopy' && !isPath) volume.push(['nocopy', scalar(true, at)]);
    else if (/^r?(private|shared|slave)$/.test(option) && isPath)
      bind.push(['propagation', scalar(option, at)]);
    else if (/^[zZ]$/.test(option) && isPath) bind.push(['selinux', scalar(option, at)]);
    else if (option !== 'rw') throw complain(at, `invalid volume "${text}": unknown option "${option}"`);
  }
  if (isPath) entries.push(['bind', mapping(bind, at)]);
  // Docker Compose gives none to a text that could be a drive of Windows.
  else if (text.length > 2) entries.push(['volume', mapping(volume, at)]);
  return mapping(entries, at);
}

/**
 * Splits a command line into words as a shell would, without expanding anything.
 * @throws InvalidParameter when a quote is not closed
 */
export function splitWords(text: string, at: Place): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const letter = text[index] ?? '';
    if (letter === "'" || letter === '"') {
      word ??= '';
      for (index += 1; text[index] !== letter; index++) {
        if (index >= text.length) throw complain(at, `"${text}" has a quote that is not closed`);
        if (letter === '"' && text[index] === '\\' && /["\\$`]/.test(text[index + 1] ?? '')) index += 1;
        word += text[index];
      }
    } else if (letter === '\\' && index + 1 < text.length) {
      index += 1;
      word = `${word ?? ''}${text[index]}`;
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${letter}`;
  }
  if (word !== undefined) words.push(word);
  return words;
}
