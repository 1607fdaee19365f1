import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { executeOnJson, parseFormat } from '#cli/output/format.ts';
import { containerType } from '#cli/output/types/container-types.ts';
import { messageOf } from '#errors/error.ts';

interface Recording {
  document: unknown;
  cases: { template: string; output?: string; error?: string }[];
}

/** What `docker inspect --format` of Docker 28.2.2 answered for one document. */
const recording = JSON.parse(
  readFileSync(new URL('testdata/inspect-format.json', import.meta.url), 'utf8'),
) as Recording;
const document = JSON.stringify(recording.document);

suite('inspect --format answers as docker does', () => {
  for (const { template, output, error } of recording.cases) {
    test(template, () => {
      let actual: { output?: string; error?: string };
      try {
        actual = { output: executeOnJson(parseFormat(template), containerType, document) };
      } catch (failure) {
        actual = { error: messageOf(failure) };
      }
      assert.deepEqual(actual, error === undefined ? { output } : { error });
    });
  }
});
