import { it } from 'node:test';
import { describeInterop } from '../integration/compose/describe-interop.ts';
import { outputOf } from '../support/command.ts';
import { buildGoProgram } from '../support/go-program.ts';

/** Docker Compose itself works on the same projects. It is built from its Go module, which takes minutes. */
const hasGo = await outputOf('go', ['version']).then(
  () => true,
  () => false,
);
if (hasGo) {
  const path = await buildGoProgram('compose', 'github.com/docker/compose/v2/cmd', 'v2.40.3');
  describeInterop('Docker Compose', { path, words: ['--ansi', 'never'], agrees: true });
} else it('Docker Compose', { skip: 'needs go' });
