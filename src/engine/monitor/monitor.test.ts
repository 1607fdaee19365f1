import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcesses } from '#engine/monitor/top.ts';
import { parseHostCpu, parseInterfaces } from '#engine/monitor/usage.ts';

test('only the container’s processes, the command as one column', () => {
  const output = `UID        PID  PPID CMD
root         1     0 /sbin/init splash
root       100     1 sleep 10 20
me         101   100 sh
`;
  assert.deepEqual(parseProcesses(output, new Set([100, 101])), {
    titles: ['UID', 'PID', 'PPID', 'CMD'],
    processes: [
      ['root', '100', '1', 'sleep 10 20'],
      ['me', '101', '100', 'sh'],
    ],
  });
});

test('lines of threads belong to the process above', () => {
  const output = `PID LWP CMD
1 - init
- 1 -
7 - web
- 7 -
- 8 -
`;
  assert.equal(parseProcesses(output, new Set([7])).processes.length, 3);
});

test('columns without a PID cannot be told apart', () => {
  assert.throws(() => parseProcesses('CMD\nsh\n', new Set([1])), { kind: 'InvalidParameter' });
});

test('the host’s CPU time does not count guests twice', () => {
  const text = 'cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 0 0 0\ncpu1 0 0 0\nintr 5\n';
  assert.deepEqual(parseHostCpu(text), { totalTicks: 36, cpus: 2 });
});

test('interfaces without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
  eth0: 10 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0
`;
  assert.deepEqual(parseInterfaces(text), {
    eth0: {
      receivedBytes: 10,
      receivedPackets: 2,
      receiveErrors: 3,
      receiveDropped: 4,
      sentBytes: 50,
      sentPackets: 6,
      sendErrors: 7,
      sendDropped: 8,
    },
  });
});
