// Stands in for testcontainers/ryuk, whose image and Go module cannot be had where the tests run. Speaks its protocol: clients connect to
// port 8080 and send filters, one a line, each answered by ACK; when none has been connected for a while, whatever fits a filter is removed
// by way of the daemon's socket, and the reaper ends.
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';

const socketPath = '/var/run/docker.sock';
const patience = Number.parseInt(process.env.RYUK_RECONNECTION_TIMEOUT ?? '10s', 10) * 1000;
const labels = new Set();
let connections = 0;
let timer;

function call(method, path) {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        if (response.statusCode < 300) resolve(body === '' ? undefined : JSON.parse(body));
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${body}`));
      });
    });
    request.on('error', reject);
    request.end();
  });
}

async function removeWhatFits(label) {
  const filter = encodeURIComponent(JSON.stringify({ label: [label] }));
  for (const { Id } of await call('GET', `/containers/json?all=1&filters=${filter}`)) {
    // The reaper itself fits too; it is removed when it ends.
    if (Id.startsWith(os.hostname())) continue;
    await call('DELETE', `/containers/${Id}?force=1&v=1`);
  }
  for (const { Id } of await call('GET', `/networks?filters=${filter}`))
    await call('DELETE', `/networks/${Id}`);
  const { Volumes } = await call('GET', `/volumes?filters=${filter}`);
  for (const { Name } of Volumes ?? []) await call('DELETE', `/volumes/${Name}?force=1`);
  for (const { Id } of await call('GET', `/images/json?filters=${filter}`)) {
    await call('DELETE', `/images/${Id}?force=1`);
  }
}

async function reap() {
  for (const label of labels) await removeWhatFits(label);
  process.exit(0);
}

const server = net.createServer((socket) => {
  connections += 1;
  clearTimeout(timer);
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      for (const label of new URLSearchParams(line.trim()).getAll('label')) labels.add(label);
      socket.write('ACK\n');
    }
  });
  // A suite that is killed resets its connection.
  socket.on('error', () => {});
  socket.on('close', () => {
    connections -= 1;
    if (connections === 0) timer = setTimeout(reap, patience);
  });
});
await call('GET', '/version');
server.listen(8080, () => console.log('Started'));
process.on('SIGTERM', () => process.exit(0));
