import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, suite, test } from 'node:test';
import { enterPrivateHost } from '#network/testing/private-host.ts';
import { listenSctp } from '#network/testing/sctp-socket.ts';
import { startTestDaemon } from '#network/testing/test-daemon.ts';
import { hasCode } from '#sys/libc.ts';

const host = enterPrivateHost();
const daemon = await startTestDaemon();
after(async () => {
  await daemon.close();
  await host[Symbol.asyncDispose]();
});

const sctp = { protocol: 'sctp' } as const;

/** Not every kernel is built with SCTP; `test/vm/run` has one that is. */
function without(): { skip?: string } {
  try {
    fs.closeSync(listenSctp('127.0.0.1', 0));
    return {};
  } catch (error) {
    if (!hasCode(error, 'EPROTONOSUPPORT')) throw error;
    return { skip: 'this kernel has no SCTP' };
  }
}

suite('a published SCTP port', without(), () => {
  test('is reached from outside, whose address the container sees, and from the host', async () => {
    const web = await daemon.run('web', [{ hostPort: 3868, containerPort: 3868, ...sctp }]);
    await web.serve(3868, 'web', 'sctp');
    assert.equal(await host.neighbour.ask(host.address, 3868, sctp), `web ${host.neighbourAddress}`);
    assert.equal(await host.local.ask(host.address, 3868, sctp), `web ${host.address}`);
    assert.throws(
      () => listenSctp('0.0.0.0', 3868),
      (error) => hasCode(error, 'EADDRINUSE'),
    );
    await daemon.restart([web]);
    assert.equal(await host.neighbour.ask(host.address, 3868, sctp), `web ${host.neighbourAddress}`);
    await daemon.service.detach(web.id);
    assert.equal(await host.neighbour.ask(host.address, 3868, sctp), 'ECONNREFUSED');
  });
});
