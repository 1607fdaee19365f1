import { DhowError } from '#errors/error.ts';
import { type Digest, isDigest, parseDigest } from '#image/digest.ts';

/**
 * A name as typed by a user, made canonical: `busybox` is `docker.io/library/busybox`. This is the one place that knows
 * Docker's default registry and `library/`. Grammar: the distribution project's `reference` package.
 */
export interface Reference {
  /** Host with optional port: `docker.io`, `localhost:5000`. */
  registry: string;
  /** Path in the registry: `library/busybox`. */
  repository: string;
  tag?: string;
  digest?: Digest;
}

const defaultRegistry = 'docker.io';
const officialPrefix = 'library/';
const defaultTag = 'latest';

/** Longer text cannot be valid: host 255, port 6, repository 255, tag 128, digest 71, and separators. */
const maxTextLength = 1024;
const maxRepositoryLength = 255;

const hostLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const registryPattern = new RegExp(
  `^(?:${hostLabel}(?:\\.${hostLabel})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`,
);
const repositoryPattern =
  /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * Reads `[registry/]repository[:tag][@digest]`. What comes before the first slash is a registry if it has a dot, a colon
 * or an upper-case letter, or is `localhost`; else the registry is Docker Hub.
 *
 * @throws InvalidParameter with Docker's words `invalid reference format`
 */
export function parseReference(text: string): Reference {
  if (text.length > maxTextLength) {
    throw new DhowError(
      'InvalidParameter',
      `invalid reference format: ${text.length} characters are too many, the limit is ${maxTextLength}`,
    );
  }
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const at = text.indexOf('@');
  const named = at === -1 ? text : text.slice(0, at);
  const { registry, path } = splitRegistry(named);
  const colon = path.indexOf(':');
  const name = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  const repository = registry === defaultRegistry && !name.includes('/') ? officialPrefix + name : name;

  if (repository !== repository.toLowerCase()) {
    throw new DhowError(
      'InvalidParameter',
      `invalid reference format: repository name (${repository}) must be lowercase`,
    );
  }
  const valid =
    registryPattern.test(registry) &&
    repositoryPattern.test(repository) &&
    (tag === undefined || tagPattern.test(tag));
  if (!valid) {
    throw new DhowError(
      'InvalidParameter',
      `invalid reference format: ${JSON.stringify(text)} is not [registry/]repository[:tag][@digest]`,
    );
  }
  if (repository.length > maxRepositoryLength) {
    throw new DhowError(
      'InvalidParameter',
      `invalid reference format: repository name must not be more than ${maxRepositoryLength} characters`,
    );
  }
  const digest = at === -1 ? undefined : digestInReference(text.slice(at + 1), text);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * The names that a name without a registry may mean, in the order in which to look. Docker's clients write such names out as
 * `docker.io/…` before they send them, so that these count as such too. A name with another registry means itself.
 *
 * @param registries never empty; `docker.io` alone is Docker's way
 */
export function candidateReferences(reference: Reference, registries: readonly string[]): Reference[] {
  if (reference.registry !== defaultRegistry) return [reference];
  const short = reference.repository.replace(/^library\/(?=[^/]+$)/, '');
  return registries.map((registry) =>
    registry === defaultRegistry ? reference : { ...reference, registry, repository: short },
  );
}

/** The canonical text, `docker.io/library/busybox:1.36@sha256:…`; `parseReference` reads it back to the same value. */
export function formatReference(reference: Reference): string {
  return `${canonicalRepository(reference)}${suffix(reference)}`;
}

/** As Docker shows it: `busybox:latest`, `user/app`, `localhost:5000/app@sha256:…`. */
export function familiarName(reference: Reference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/** The name without tag and digest as Docker shows it: `busybox`, `user/app`, `ghcr.io/owner/app`. */
export function familiarRepository(reference: Pick<Reference, 'registry' | 'repository'>): string {
  const { registry, repository } = reference;
  if (registry !== defaultRegistry) return `${registry}/${repository}`;
  const short = repository.startsWith(officialPrefix) ? repository.slice(officialPrefix.length) : repository;
  // `docker.io/library/a/b` must keep its prefix: `a/b` names another repository.
  if (!short.includes('/')) return short;
  return splitRegistry(repository).path === repository ? repository : `${registry}/${repository}`;
}

/** The name without tag and digest, in full: `docker.io/library/busybox`. */
export function canonicalRepository(reference: Pick<Reference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}

/** Adds `:latest` to a reference that has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: defaultTag }
    : reference;
}

/**
 * `docker.io/library/busybox:latest`, the key of the image table. A missing tag reads as `latest` and a digest is left
 * out: ask only for references that are meant to be tags.
 */
export function canonicalTag(reference: Reference): string {
  return `${canonicalRepository(reference)}:${reference.tag ?? defaultTag}`;
}

/** `docker.io/library/busybox@sha256:…`. */
export function canonicalRepoDigest(
  reference: Pick<Reference, 'registry' | 'repository'>,
  digest: Digest,
): string {
  return `${canonicalRepository(reference)}@${digest}`;
}

/** Whether text may be an image id or the beginning of one: up to 64 hexadecimal digits, with `sha256:` or without. */
export function looksLikeImageId(text: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{1,64}$/.test(text);
}

function splitRegistry(named: string): { registry: string; path: string } {
  const slash = named.indexOf('/');
  const first = slash === -1 ? '' : named.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (!isRegistry) return { registry: defaultRegistry, path: named };
  const path = named.slice(slash + 1);
  return { registry: first === 'index.docker.io' ? defaultRegistry : first, path };
}

function digestInReference(text: string, reference: string): Digest {
  if (isDigest(text)) return text;
  if (/^sha(?:384|512):[0-9a-f]+$/.test(text)) {
    throw new DhowError(
      'Unsupported',
      `digest algorithm of ${JSON.stringify(reference)} is not supported: only sha256 is`,
    );
  }
  if (/^sha256:/.test(text)) return parseDigest(text);
  throw new DhowError(
    'InvalidParameter',
    `invalid reference format: ${JSON.stringify(reference)} has no valid digest behind "@"`,
  );
}

function suffix(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return tag + digest;
}
