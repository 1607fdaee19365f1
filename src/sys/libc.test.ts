import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { callInBackground, libc } from '#sys/libc.ts';
import { openPipe } from '#sys/pipe.ts';

const readFunction = libc.func('long read(int fd, void *buffer, size_t size)');

test('a buffer that only a call in the background knows stays until the call is over', async () => {
  const { readFd, writeFd } = openPipe();
  function begin(): { buffer: WeakRef<Buffer>; read: Promise<number> } {
    const buffer = Buffer.alloc(512);
    return {
      buffer: new WeakRef(buffer),
      read: callInBackground(readFunction, readFd, buffer, buffer.length),
    };
  }
  const { buffer, read } = begin();
  for (let round = 0; round < 3; round++) {
    // A WeakRef keeps its target until the end of the turn that made it.
    await new Promise(setImmediate);
    collectGarbage();
  }
  const kept = buffer.deref() !== undefined;
  fs.writeSync(writeFd, 'x');
  assert.equal(await read, 1);
  assert.ok(kept);
  fs.closeSync(readFd);
  fs.closeSync(writeFd);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
