import { execFile } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');

/**
 * Writes V8's code of the bundled CLI to `cache`: of the functions that the commands call whose start counts most. More would not cost
 * nothing, for each start reads all of it. They are run against a daemon that says what a daemon says and does nothing.
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
        'run --rm image true',
        'ps --all',
      ],
      { env: { ...process.env, DOCKER_HOST: `unix://${socket}`, DHOW_HOST: '', DOCKER_CONTEXT: '' } },
    );
  } finally {
    daemon.closeAllConnections();
    daemon.close();
    fs.rmSync(directory, { recursive: true });
  }
}

const containers = [
  {
    ...{ Id: '0'.repeat(64), Names: ['/name'], Image: 'image', ImageID: `sha256:${'1'.repeat(64)}` },
    ...{
      Command: 'a command of many words',
      Created: 1,
      State: 'running',
      Status: 'Up 1 second',
      Labels: {},
    },
    Ports: [{ IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }],
  },
];

/** Containers are listed, created, attached to and waited for; when they start, they end with 0 after a word on each stream. */
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
    } else if (request.url.includes('/containers/json')) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(containers));
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
