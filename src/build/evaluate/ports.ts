import { dockerfileError, type Word } from '#build/dockerfile/source.ts';
import type { SettingContext } from '#build/evaluate/stage-state.ts';

const protocols = new Set(['tcp', 'udp', 'sctp']);

/**
 * One word of EXPOSE, `80`, `80/udp` or `8000-8010/tcp`, as the keys of `ExposedPorts`. Of a mapping with an address or a
 * port of the host, which has no place here, the container's part is taken, as Docker does.
 * @throws InvalidParameter
 */
export function readPort(context: SettingContext, word: Word): string[] {
  const { source, report } = context;
  const [portPart = '', protocolPart = 'tcp', ...more] = word.text.split('/');
  const protocol = protocolPart.toLowerCase();
  const refuse = (): Error =>
    dockerfileError(
      source,
      word.range,
      `"${word.text.slice(0, 64)}" is no port; write 80, 80/udp or 8000-8010`,
    );
  if (more.length > 0 || !protocols.has(protocol)) throw refuse();
  if (protocol !== protocolPart) {
    report({
      rule: 'ExposeProtoCasing',
      message: `the protocol "${protocolPart}" should be in lower case`,
      source,
      range: word.range,
    });
  }
  const colon = portPart.lastIndexOf(':');
  if (colon !== -1) {
    report({
      rule: 'ExposeInvalidFormat',
      message: `"${word.text}" names an address or a port of the host, which EXPOSE cannot publish`,
      source,
      range: word.range,
    });
  }
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(portPart.slice(colon + 1));
  if (match === null) throw refuse();
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  if (first < 1 || last > 65_535 || last < first) throw refuse();
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}
