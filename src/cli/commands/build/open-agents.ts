import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readSshKey } from '#cli/commands/build/ssh/read-key.ts';
import { serveAgent } from '#cli/commands/build/ssh/serve-agent.ts';
import { DhowError } from '#errors/error.ts';

const maxKeyBytes = 64 * 1024;

/** Agents of a build by their ids, as sockets on this machine; those that were started for it end when this is disposed. */
export interface OpenedAgents extends AsyncDisposable {
  sockets: Record<string, string>;
}

/**
 * Each text is `default` or an id, for the running agent; with `=socket` for another one, and with `=key,key` for an agent with these private keys.
 * @throws NotFound; InvalidParameter; Unsupported for keys with a passphrase
 */
export async function openAgents(
  texts: readonly string[],
  {
    environment,
    workingDirectory,
  }: { environment: Readonly<Record<string, string | undefined>>; workingDirectory: string },
): Promise<OpenedAgents> {
  await using undo = new AsyncDisposableStack();
  const sockets: Record<string, string> = {};
  for (const text of texts) {
    const [id = '', given] = text.split(/=(.*)/s);
    const value = given ?? environment['SSH_AUTH_SOCK'];
    if (!value) {
      throw new DhowError(
        'NotFound',
        'there is no SSH agent: SSH_AUTH_SOCK is not set; write --ssh default=/path/to/socket, or /path/to/key',
      );
    }
    const files = value.split(',').map((file) => path.resolve(workingDirectory, file));
    const [first = ''] = files;
    if (files.length === 1 && fs.statSync(first, { throwIfNoEntry: false })?.isSocket()) {
      sockets[id] = first;
      continue;
    }
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-agent-'));
    undo.defer(() => fs.rmSync(directory, { recursive: true, force: true }));
    sockets[id] = path.join(directory, 'socket');
    undo.use(await serveAgent(sockets[id], files.map(readKeyFile)));
  }
  const held = undo.move();
  return { sockets, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function readKeyFile(file: string) {
  const status = fs.statSync(file, { throwIfNoEntry: false });
  if (status === undefined) throw new DhowError('NotFound', `there is no SSH key or agent at ${file}`);
  if (!status.isFile() || status.size > maxKeyBytes) {
    throw new DhowError(
      'InvalidParameter',
      `${file} is neither a private key of SSH nor the socket of an agent`,
    );
  }
  return readSshKey(fs.readFileSync(file, 'utf8'), file);
}
