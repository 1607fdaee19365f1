import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { collectOutput } from '#runtime/conmon/collect-output.ts';
import { openPipe } from '#sys/pipe.ts';
import { waitFor } from '../../../test/support/wait-for.ts';

describe('collectOutput', () => {
  it('has what lies in the pipe, up to the limit, while somebody still holds it', () => {
    const { readFd, writeFd } = openPipe();
    using output = collectOutput(readFd, 5);
    fs.writeSync(writeFd, 'written');
    assert.equal(output.take().toString(), 'writt');
    fs.closeSync(writeFd);
  });

  it('does not read from what has got the number of its closed pipe', async () => {
    const { readFd, writeFd } = openPipe();
    using output = collectOutput(readFd, 100);
    fs.writeSync(writeFd, 'own');
    fs.closeSync(writeFd);
    await waitFor('it to close', () => !fs.existsSync(`/proc/self/fd/${readFd}`));
    const other = openPipe();
    try {
      assert.equal(other.readFd, readFd);
      fs.writeSync(other.writeFd, 'foreign');
      assert.equal(output.take().toString(), 'own');
      assert.equal(fs.readSync(other.readFd, Buffer.alloc(100)), 'foreign'.length);
    } finally {
      fs.closeSync(other.readFd);
      fs.closeSync(other.writeFd);
    }
  });
});
