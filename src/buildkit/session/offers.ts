import { sessionMethods } from '#buildkit/messages/session.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import type { BuildSettings } from '#engine/builds.ts';
import { kindOf } from '#errors/error.ts';

type Credentials = NonNullable<Awaited<ReturnType<BuildSettings['credentials']>>>;

/** A secret of the client's, undefined when it has none of that name. @throws what the client says */
export async function fetchSecret(
  session: Session,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!session.offers(sessionMethods.secret)) return undefined;
  try {
    return (await session.client.call(sessionMethods.secret, { id }, { signal })).data;
  } catch (error) {
    if (kindOf(error) === 'NotFound') return undefined;
    throw error;
  }
}

/**
 * What the client logs in with at a registry; undefined when it has nothing for it.
 * @param host as references have it
 */
export async function fetchCredentials(
  session: Session,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (!session.offers(sessionMethods.credentials)) return undefined;
  // Clients know Docker Hub by the name of its server.
  const asked = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const { username, secret } = await session.client.call(
    sessionMethods.credentials,
    { host: asked },
    { signal },
  );
  if (secret === '') return undefined;
  // A token has no user.
  return username === ''
    ? { kind: 'identity-token', token: secret }
    : { kind: 'password', username, password: secret };
}

/** What the client sends in place of a directory: an archive from its standard input. @param path of the URL that stands for it */
export async function* receiveUpload(
  session: Session,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const call = session.client.open(sessionMethods.upload, { headers: { urlpath: path }, signal });
  for await (const { data } of call.messages) yield data;
}
