import { findAllCredentials } from '#cli/commands/build/registry-config.ts';
import type { CliContext } from '#cli/context.ts';
import { asksForSocket, withApiSocket } from '#compose/api-socket.ts';
import type { Project } from '#compose/project.ts';

/** The project whose services have the daemon's socket, with the user's logins, where they ask for it. */
export async function provideSocket(context: CliContext, project: Project): Promise<Project> {
  if (!asksForSocket(project)) return project;
  const found = await findAllCredentials(context.configDirectory, context.signal);
  const auths = Object.entries(found).map(([name, { username, password, identitytoken }]) => {
    const auth = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
    return [name, { auth, ...(identitytoken === undefined ? {} : { identitytoken }) }] as const;
  });
  return withApiSocket(project, JSON.stringify({ auths: Object.fromEntries(auths) }));
}
