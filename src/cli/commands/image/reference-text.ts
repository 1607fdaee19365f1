import { familiarName } from '#cli/output/listings/names.ts';
import { DhowError } from '#errors/error.ts';

/** The parts of a reference as the API wants them. The name is as typed; the daemon makes it canonical and checks it. */
export interface ReferenceText {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Takes `name[:tag][@digest]` apart. Throws InvalidParameter for what cannot be one. */
export function splitReference(text: string): ReferenceText {
  const [named = '', digest, ...more] = text.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (name === '' || tag === '' || digest === '' || more.length > 0 || /\s|(^|\/)\.{0,2}(\/|$)/.test(name)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid reference format: "${text}" is not [registry/]name[:tag][@digest]`,
    );
  }
  return { name, tag, digest };
}

/** The whole name that a short one stands for: `docker.io/library/busybox` for `busybox`. */
export function canonicalName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const familiar = familiarName(name);
  if (hasRegistry && familiar === name) return name;
  return `docker.io/${familiar.includes('/') ? familiar : `library/${familiar}`}`;
}
