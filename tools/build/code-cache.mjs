import { execFile } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');

/**
 * Writes V8's code of the bundled CLI to `cache`: of the functions that `dhow run` calls, because that is the command whose
 * start counts most. It is run against a daemon that says what a daemon says and does nothing.
 */
export async function writeCodeCache(bundle, cache) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-build-'));
  const socket = path.join(directory, 'socket');
  const daemon = createSilentDaemon();
  try {
    await new Promise((listening) => daemon.listen(socket, listening));
    // The Node that will run it: V8 takes nothing from another version.
    await promisify(execFile)(
      path.join(root, 'tools/node'),
      [
        path.join(import.meta.dirname, 'record-code-cache.cjs'),
        bundle,
        cache,
        ...['run', '--rm', 'image', 'true'],
      ],
      { env: { ...process.env, DOCKER_HOST: `unix://${socket}`, DHOW_HOST: '', DOCKER_CONTEXT: '' } },
    );
  } finally {
    daemon.closeAllConnections();
    daemon.close();
    fs.rmSync(directory, { recursive: true });
  }
}

/** Containers are created, attached to and waited for; when they start, they end with 0 after a word on each stream. */
function createSilentDaemon() {
  const sessions = [];
  const waiting = [];
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url.includes('/create')) {
      response.writeHead(201, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ Id: '0'.repeat(64), Warnings: [] }));
    } else if (request.url.includes('/wait')) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
      waiting.push(response);
    } else {
      response.writeHead(204).end();
      for (const session of sessions) session.end('\x01\0\0\0\0\0\0\x01.\x02\0\0\0\0\0\0\x01.');
      for (const wait of waiting) wait.end('{"StatusCode":0}\n');
    }
  });
  server.on('upgrade', (_request, session) => {
    session.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    sessions.push(session);
  });
  return server;
}
