import { text as readText } from 'node:stream/consumers';
import { defineCommand } from '#cli/command.ts';
import { hubAddress, registryOfAddress } from '#cli/commands/registry/server-address.ts';
import { configPath } from '#cli/config-file.ts';
import type { CliContext } from '#cli/context.ts';
import { findCredentials, storeCredentials } from '#cli/credentials.ts';
import { flag, text } from '#cli/options.ts';
import { askLine, askSecret } from '#cli/terminal/ask.ts';
import { checkAuth } from '#client/registries.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] [SERVER]'],
  operands: { max: 1 },
  options: {
    password: text({ short: 'p', help: 'Password or Personal Access Token (PAT)' }),
    'password-stdin': flag({ help: 'Take the Password or Personal Access Token (PAT) from stdin' }),
    username: text({ short: 'u', help: 'Username' }),
  },
  async run(context, { options, operands }) {
    const registry = registryOfAddress(operands[0] ?? '');
    if (options.password !== undefined) {
      context.stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
      if (options['password-stdin']) {
        throw new DhowError('InvalidParameter', '--password and --password-stdin are mutually exclusive');
      }
    }
    if (options['password-stdin'] && !options.username) {
      throw new DhowError('InvalidParameter', 'the --password-stdin option requires --username to be set');
    }
    const { username, password } = await findLogin(context, registry, {
      username: options.username,
      password: options['password-stdin']
        ? (await readText(context.stdin)).replace(/\r?\n$/, '')
        : options.password,
    });
    const serveraddress = registry === 'docker.io' ? hubAddress : registry;
    const answer = await checkAuth(context.client, { username, password, serveraddress }, context.signal);
    const identityToken = answer.IdentityToken || undefined;
    const login = { username, password, identityToken };
    const helper = await storeCredentials(context.configDirectory, registry, login, context.signal);
    if (helper === undefined) {
      context.stderr.write(
        `\nWARNING! Your credentials are stored unencrypted in '${configPath(context.configDirectory)}'.\n` +
          'Configure a credential helper to remove this warning. See\n' +
          'https://docs.docker.com/go/credential-store/\n\n',
      );
    }
    context.stdout.write(`${answer.Status || 'Login Succeeded'}\n`);
    return 0;
  },
});

/** What was not given is what was kept from the last login, or else what a person answers. */
async function findLogin(
  context: CliContext,
  registry: string,
  given: { username: string | undefined; password: string | undefined },
): Promise<{ username: string; password: string }> {
  if (given.username && given.password) return { username: given.username, password: given.password };
  const kept = await findCredentials(context.configDirectory, registry, context.signal);
  if (!given.username && !given.password && kept.username && kept.password) {
    context.stdout.write('Authenticating with existing credentials...\n');
    return { username: kept.username, password: kept.password };
  }
  if (context.stdin.isTTY !== true) {
    throw new DhowError(
      'InvalidParameter',
      'Error: Cannot perform an interactive login from a non TTY device',
    );
  }
  const shown = kept.username ? ` (${kept.username})` : '';
  const username = given.username || (await askLine(context, `Username${shown}: `)) || kept.username;
  if (!username) throw new DhowError('InvalidParameter', 'Error: Non-null Username Required');
  const password = given.password || (await askSecret(context, 'Password: '));
  if (!password) throw new DhowError('InvalidParameter', 'Error: Password Required');
  return { username, password };
}
