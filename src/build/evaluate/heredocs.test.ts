import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planText } from '#build/testing/plan-fixture.ts';

test('heredocs › a heredoc is the script of the shell only when nothing else stands beside it', async () => {
  const planned = await planText(
    'FROM base\nRUN <<EOF bash -e\necho 1\nEOF\nRUN << EOF\necho 2\nEOF\nRUN 3<<EOF\necho 3\nEOF\n',
  );
  const commands = planned.target.steps.map((step) => (step.kind === 'run' ? step.args.at(-1) : step.kind));
  assert.deepEqual(commands, ['<<EOF bash -e\necho 1\nEOF', 'echo 2\n', 'echo 3\n']);
});

test('heredocs › a backslash escapes in the content of a heredoc, whatever the escape directive says', async () => {
  const planned = await planText(
    '# escape=`\nFROM base\nARG v=1\nCOPY <<EOF /f\n`$v \\$v\nEOF\nCOPY <<"EOF" /g\n`$v \\$v\nEOF\n',
  );
  const contents = planned.target.steps.flatMap((step) =>
    step.kind === 'copy' ? step.sources.map((one) => (one.kind === 'content' ? one.content : one.kind)) : [],
  );
  assert.deepEqual(contents, ['`1 $v\n', '`$v \\$v\n']);
});
