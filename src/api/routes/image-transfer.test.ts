import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '#api/testing/http.ts';
import { serve } from '#api/testing/serve.ts';

test('a pull that fails before its first line has a status, after it a last line', async () => {
  await using server = serve();
  const early = await ask(server, 'POST', '/images/create?fromImage=absent&tag=latest');
  assert.deepEqual([early.status, early.json<{ kind: string }>().kind], [404, 'NotFound']);
  const late = await ask(server, 'POST', '/images/create?fromImage=pulled&tag=broken');
  const lines = late.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.equal(late.status, 200);
  assert.deepEqual(lines[0], { status: 'Pulling from library/pulled', id: 'broken' });
  assert.deepEqual(lines.at(-1), { errorDetail: { message: 'layer is damaged' }, error: 'layer is damaged' });
  const whole = await ask(server, 'POST', '/images/create?fromImage=pulled&tag=x');
  assert.match(whole.body, /"Status: Downloaded newer image for pulled:x"}\n$/);
  const all = await ask(server, 'POST', '/images/create?fromImage=pulled');
  assert.match(all.body, /"Status: Downloaded newer image for pulled:latest"}\n$/);
});
