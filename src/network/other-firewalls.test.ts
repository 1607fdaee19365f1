import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { startTestDaemon, testSettings } from '#network/testing/test-daemon.ts';
import { waitFor } from '#network/testing/wait-for.ts';
import { writeSysctl } from '#sys/sysctl.ts';

const host = enterPrivateHost();
writeSysctl('net/bridge/bridge-nf-call-iptables', '1');
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

await host.neighbour.serve(80, 'neighbour');
const web = await daemon.run('web', [{ hostPort: 8080 }]);
await web.serve(80, 'web');

function nft(script: string): string {
  return execFileSync('nft', ['-f', '-'], { input: script, encoding: 'utf8' });
}

/** The chain that iptables programs make, with the policy that Docker and ufw give it. */
const iptablesForward =
  'add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }\n';

async function assertAllPass(container: typeof web): Promise<void> {
  assert.equal(await container.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
  assert.equal(await container.ask(web.endpoint.ipv4.address, 80), `web ${container.endpoint.ipv4.address}`);
  assert.equal(await host.neighbour.ask(host.address, 8080), `web ${host.neighbourAddress}`);
}

test('a chain FORWARD that begins to drop is passed from the next attach on, also after it was flushed', async () => {
  nft(iptablesForward);
  assert.equal(await host.neighbour.ask(host.address, 8080, { timeoutMs: 200 }), 'timeout');
  await assertAllPass(await daemon.run('first'));
  nft('flush chain ip filter FORWARD');
  await assertAllPass(await daemon.run('second'));
});

test('the rules are as iptables writes them, and put there once', async () => {
  await daemon.restart([web]);
  await daemon.run('third');
  const rules = execFileSync('iptables-nft', ['-S', 'FORWARD'], { encoding: 'utf8' }).trim().split('\n');
  const { bridge } = testSettings;
  assert.deepEqual(rules.sort(), [
    `-A FORWARD -i ${bridge} -j ACCEPT`,
    `-A FORWARD -o ${bridge} -j ACCEPT`,
    '-P FORWARD DROP',
  ]);
});

test('rules that are flushed come back by themselves', async () => {
  nft('flush chain ip filter FORWARD');
  await waitFor('the rules', () => nft('list chain ip filter FORWARD').includes(testSettings.bridge));
  assert.equal(await web.ask(host.neighbourAddress, 80), `neighbour ${host.address}`);
});

test('a dropping chain of another name is reported', async () => {
  nft(
    'add table inet strict\nadd chain inet strict through { type filter hook forward priority 0; policy drop; }',
  );
  await daemon.restart([]);
  assert.match(
    daemon.warnings.join('\n'),
    /drops forwarded packets by policy.*"table":"strict","chain":"through"/,
  );
});

test('teardown takes the rules out', async () => {
  await daemon.service.teardown();
  assert.ok(!nft('list chain ip filter FORWARD').includes(testSettings.bridge));
});
