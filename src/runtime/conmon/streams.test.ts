import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { listLogFiles } from '#runtime/log-files.ts';
import { readLogs } from '#runtime/read-logs.ts';
import { collect, createRuntimeFixture } from '#runtime/testing/runtime-fixture.ts';

for (const name of ['crun', 'runc']) {
  describe(`streams of containers by ${name}`, () => {
    test('pass large output on unchanged', async () => {
      await using fixture = await createRuntimeFixture(name);
      const input = randomBytes(8 * 1024 * 1024);
      fs.writeFileSync(`${fixture.root}/tmp/data`, input);
      const { stdout, exit } = await fixture.run(['cat', '/tmp/data', '/tmp/data', '/tmp/data'], {
        logDriver: 'none',
      });
      assert.equal(exit.code, 0);
      assert.equal(stdout.length, 3 * input.length);
      const hash = createHash('sha256').update(input).update(input).update(input).digest('hex');
      assert.equal(createHash('sha256').update(stdout).digest('hex'), hash);
    });

    test('read their stdin, of any size, to its end', async () => {
      await using fixture = await createRuntimeFixture(name);
      const input = randomBytes(4 * 1024 * 1024);
      const { id, stdio } = await fixture.begin(['cat'], { stdin: 'once', logDriver: 'none' });
      const written = stdio.write(input).then(() => stdio.closeInput());
      const { stdout } = await collect(stdio);
      await written;
      assert.ok(stdout.equals(input));
      assert.equal((await fixture.exitOf(id)).code, 0);
      await fixture.runtime.delete(id);
    });

    test('hold output back while nobody takes it, and still end when they are killed', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id, pid, stdio } = await fixture.begin(['head', '-c', '64000000', '/dev/zero'], {
        logDriver: 'none',
      });
      const written = () => fs.readFileSync(`/proc/${pid}/io`, 'utf8').match(/^wchar: (\d+)$/m)?.[1];
      let same = 0;
      for (let last = ''; same < 20; ) {
        const bytes = written() ?? '';
        same = bytes === last && bytes !== '0' ? same + 1 : 0;
        last = bytes;
        await setTimeout(5);
      }
      await fixture.runtime.kill(id, 9);
      assert.equal((await fixture.exitOf(id)).code, 137);
      const { stdout } = await collect(stdio);
      assert.ok(stdout.length > 0 && stdout.length < 4 * 1024 * 1024, `${stdout.length} bytes`);
      await fixture.runtime.delete(id);
    });

    test('have a terminal of the asked size that can be resized', async () => {
      await using fixture = await createRuntimeFixture(name);
      const script =
        'stty size; for i in $(seq 1000); do [ "$(stty size)" = "30 90" ] || break; sleep 0.01; done; read x; stty size; exit 5';
      const { id, stdio } = await fixture.begin(['sh', '-c', script], {
        terminal: true,
        stdin: 'open',
        change: (input) => {
          input.process.consoleSize = { rows: 30, columns: 90 };
        },
      });
      const output = stdio.output[Symbol.asyncIterator]();
      let text = '';
      for (let next = await output.next(); !next.done; next = await output.next()) {
        assert.equal(next.value.stream, 'stdout');
        text += Buffer.from(next.value.bytes).toString();
        if (text === '30 90\r\n') {
          await fixture.runtime.resize(id, { rows: 40, columns: 120 });
          await stdio.write(Buffer.from('go\n'));
        }
      }
      assert.equal(text, '30 90\r\ngo\r\n40 120\r\n');
      assert.equal((await fixture.exitOf(id)).code, 5);
      await fixture.runtime.delete(id);
    });

    test('outlive an observer, and lose stdin with the client that had it', async () => {
      await using fixture = await createRuntimeFixture(name);
      const { id, stdio } = await fixture.begin(['cat'], { stdin: 'once' });
      const observer = await fixture.runtime.attach(id, { observer: true });
      await stdio.write(Buffer.from('one\n'));
      await observer.output[Symbol.asyncIterator]().next();
      observer.close();
      const output = stdio.output[Symbol.asyncIterator]();
      await output.next();
      await stdio.write(Buffer.from('two\n'));
      assert.equal(Buffer.from((await output.next()).value?.bytes ?? []).toString(), 'two\n');
      stdio.close();
      assert.equal((await fixture.exitOf(id)).code, 0);
      await fixture.runtime.delete(id);
    });

    test('reach their log whole, also when it is put aside meanwhile', async () => {
      await using fixture = await createRuntimeFixture(name);
      const id = fixture.newId();
      // Waits after every 3000 lines, so that there are some files however fast it writes.
      const script =
        'for b in 0 1 2 3 4 5; do for i in $(seq 1 3000); do echo $((b*3000+i)); done; read x; done';
      const request = fixture.request(id, ['sh', '-c', script], { stdin: 'open' });
      await fixture.runtime.create(request, AbortSignal.any([]));
      const stdio = await fixture.runtime.attach(id);
      const drained = collect(stdio);
      const exited = fixture.exitOf(id);
      const query = { stdout: true, stderr: true, follow: true };
      const reading = await readLogs(request.logPath, query, {
        ended: exited.then(() => {}),
        signal: AbortSignal.any([]),
      });
      await fixture.runtime.start(id);
      let text = '';
      let lines = 0;
      for await (const { bytes, partial } of reading) {
        text += Buffer.from(bytes).toString();
        if (partial || ++lines % 500 !== 0) continue;
        fixture.runtime.rotateLog(id, request.logPath, 100);
        if (lines % 3000 === 0) await stdio.write(Buffer.from('\n'));
      }
      await drained;
      const expected = Array.from({ length: 18_000 }, (_, index) => `${index + 1}\n`).join('');
      assert.equal(text, expected);
      const files = await listLogFiles(request.logPath);
      assert.ok(files.length > 2, `${files.length} files`);

      const again = { signal: AbortSignal.any([]), ended: Promise.resolve() };
      let all = '';
      for await (const { bytes } of await readLogs(request.logPath, { ...query, follow: false }, again)) {
        all += Buffer.from(bytes).toString();
      }
      assert.equal(all, expected);
      let tail = '';
      for await (const { bytes } of await readLogs(
        request.logPath,
        { ...query, follow: false, tail: 12_000 },
        again,
      )) {
        tail += Buffer.from(bytes).toString();
      }
      assert.equal(tail, expected.slice(expected.indexOf('\n6001\n') + 1));
      await fixture.runtime.delete(id);
    });
  });
}
