import { createHash } from 'node:crypto';
import { abortable } from '#errors/abortable.ts';
import { type Challenge, parseChallenges } from '#registry/auth/challenge.ts';
import { basicAuthorization, fetchToken, type Token, type TokenParts } from '#registry/auth/tokens.ts';
import type { Credentials } from '#registry/registry.ts';

/** What is to be done with a repository. */
export interface Access {
  actions: 'pull' | 'pull,push';
  /** Another repository of the registry that a blob is taken from. */
  mountFrom?: string;
}

/** For what an `Authorization` header is wanted. */
export interface AuthTarget {
  /** Scheme and host of the registry. */
  origin: string;
  /** Undefined for the registry as such. */
  repository: string | undefined;
  access: Access;
  credentials: Credentials | undefined;
}

/**
 * Knows what each registry asked for, and keeps tokens until they end. Requests that need the same token at the same
 * time share one.
 */
export interface Authorizer {
  /** The header to send at once, from what was learned earlier; undefined: try without. */
  headerFor(target: AuthTarget, signal: AbortSignal): Promise<string | undefined>;
  /**
   * After a 401: another header to try, or undefined when there is none.
   *
   * @param refused the header that was sent
   * @throws Unauthorized when the token server refuses
   */
  answer(
    target: AuthTarget,
    wwwAuthenticate: string | undefined,
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * A token to keep instead of a password that works.
   * @param origin that was asked with the password already
   * @returns undefined where the registry gives none
   */
  identityToken(origin: string, credentials: Credentials, signal: AbortSignal): Promise<string | undefined>;
}

const maxRemembered = 1000;

export function createAuthorizer(parts: TokenParts): Authorizer {
  const challenges = new Map<string, Challenge>();
  const tokens = new Map<string, Token>();
  const underWay = new Map<string, Promise<Token>>();

  async function bearer(
    target: AuthTarget,
    { parameters }: Challenge,
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { origin, credentials } = target;
    if (credentials?.kind === 'registry-token') return undefined;
    const realm = parameters.get('realm') ?? '';
    const service = parameters.get('service') ?? '';
    const scope = scopeFor(target, parameters.get('scope'));
    const key = JSON.stringify([origin, realm, service, scope, fingerprint(credentials)]);
    const known = tokens.get(key);
    if (known && known.expiresAt > performance.now() && `Bearer ${known.value}` !== refused) {
      return `Bearer ${known.value}`;
    }
    let fetching = underWay.get(key);
    if (!fetching) {
      const isEncrypted = origin.startsWith('https:');
      // Shared by several callers, so that no caller's signal may end it; the transport's time limits do.
      fetching = fetchToken(
        parts,
        { realm, service, scope, isEncrypted, credentials },
        new AbortController().signal,
      );
      underWay.set(key, fetching);
      fetching
        .then((token) => {
          if (tokens.size >= maxRemembered) tokens.clear();
          tokens.set(key, token);
        })
        .catch(() => tokens.delete(key))
        .finally(() => underWay.delete(key));
    }
    return `Bearer ${(await abortable(fetching, signal)).value}`;
  }

  async function headerBy(
    target: AuthTarget,
    challenge: Challenge,
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (challenge.scheme === 'bearer') return bearer(target, challenge, refused, signal);
    const { credentials } = target;
    return credentials?.kind === 'password'
      ? basicAuthorization(credentials.username, credentials.password)
      : undefined;
  }

  return {
    async headerFor(target, signal) {
      if (target.credentials?.kind === 'registry-token') return `Bearer ${target.credentials.token}`;
      const challenge = challenges.get(challengeKey(target));
      return challenge && (await headerBy(target, challenge, undefined, signal));
    },

    async answer(target, wwwAuthenticate, refused, signal) {
      const offered = parseChallenges(wwwAuthenticate ?? '');
      const challenge = ['bearer', 'basic']
        .map((scheme) => offered.find((one) => one.scheme === scheme))
        .find((found) => found !== undefined);
      if (!challenge) return undefined;
      if (challenges.size >= maxRemembered) challenges.clear();
      challenges.set(challengeKey(target), challenge);
      const header = await headerBy(target, challenge, refused, signal);
      return header === refused ? undefined : header;
    },

    async identityToken(origin, credentials, signal) {
      const challenge = challenges.get(
        challengeKey({ origin, repository: undefined, access: { actions: 'pull' }, credentials }),
      );
      if (challenge?.scheme !== 'bearer' || credentials.kind !== 'password') return undefined;
      const realm = challenge.parameters.get('realm') ?? '';
      const service = challenge.parameters.get('service') ?? '';
      const isEncrypted = origin.startsWith('https:');
      const request = { realm, service, scope: '', isEncrypted, credentials, isOffline: true };
      return (await fetchToken(parts, request, signal)).refreshToken;
    },
  };
}

function challengeKey({ origin, repository, access }: AuthTarget): string {
  return `${origin} ${repository ?? ''} ${access.actions}`;
}

/**
 * What the token must allow: what the registry named, or, when more than reading is wanted, what we know to be needed (the
 * challenge of one request does not say what the next one needs).
 */
function scopeFor({ repository, access }: AuthTarget, named: string | undefined): string {
  if (repository === undefined) return named ?? '';
  const own = `repository:${repository}:${access.actions}`;
  if (access.actions === 'pull') return named ?? own;
  return access.mountFrom === undefined ? own : `${own} repository:${access.mountFrom}:pull`;
}

/** Keeps tokens of different users apart without keeping their passwords. */
function fingerprint(credentials: Credentials | undefined): string {
  return credentials ? createHash('sha256').update(JSON.stringify(credentials)).digest('base64') : '';
}
