import type { Fields } from '#api/decode/fields.ts';
import type { LinkSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/**
 * `HostConfig.Links`. On networks of one's own the endpoint's links count; clients send both.
 * @throws InvalidParameter
 */
export function decodeLinks(fields: Fields, networkMode: string): LinkSettings[] {
  const links = parseLinks(fields, 'Links');
  if (links.length === 0) return [];
  const kind = networkMode.startsWith('container:') ? 'container type network' : 'host type networking';
  if (networkMode === 'host' || networkMode.startsWith('container:')) {
    throw new DhowError(
      'InvalidParameter',
      `conflicting options: ${kind} can't be used with links. This would result in undefined behavior`,
    );
  }
  return networkMode === 'bridge' ? links : [];
}

/** `name`, `name:alias`, and `/name:/other/alias` as inspect shows it. @throws InvalidParameter */
export function parseLinks(fields: Fields, name: string): LinkSettings[] {
  return fields.texts(name).map((text) => {
    const [first = '', second = first, ...rest] = text.split(':');
    const target = first.replace(/^\//, '');
    const alias = second.split('/').at(-1) ?? '';
    if (rest.length === 0 && target !== '' && /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,62}$/.test(alias)) {
      return { target, alias };
    }
    throw new DhowError(
      'InvalidParameter',
      `bad format for links: ${text.slice(0, 100)} (${fields.nameOf(name)})`,
    );
  });
}
