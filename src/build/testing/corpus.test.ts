import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dumpPlanned } from '#build/testing/dump.ts';
import { planText } from '#build/testing/plan-fixture.ts';
import { messageOf } from '#errors/error.ts';

/*
 * A folder per case: a Dockerfile and what is expected of it. `corpus` has those that mean something, `refused` those that must be
 * refused, with the message. With DHOW_UPDATE_CORPUS=1 the expectations are written anew; read the difference before you believe it.
 */
const update = process.env['DHOW_UPDATE_CORPUS'] === '1';
const images = {
  'triggers:1': { OnBuild: ['COPY . /app', 'RUN --mount=type=bind,from=tools,target=/t make'] },
  'rich:1': {
    Env: ['PATH=/bin', 'HOME=/root'],
    WorkingDir: '/srv',
    Cmd: ['base'],
    Shell: ['/bin/ash', '-ec'],
  },
};

function casesOf(folder: string): string[] {
  return fs.readdirSync(path.join(import.meta.dirname, folder)).sort();
}

function compare(folder: string, name: string, file: string, actual: string): void {
  const expectedFile = path.join(import.meta.dirname, folder, name, file);
  if (update) fs.writeFileSync(expectedFile, actual);
  assert.equal(actual, fs.readFileSync(expectedFile, 'utf8'));
}

function textOf(folder: string, name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, folder, name, 'Dockerfile'), 'utf8');
}

for (const name of casesOf('corpus')) {
  test(`Dockerfile corpus › ${name}`, async () => {
    const planned = await planText(textOf('corpus', name), { images });
    compare('corpus', name, 'expected', dumpPlanned(planned));
  });
}

for (const name of casesOf('refused')) {
  test(`Dockerfile corpus › refused: ${name}`, async () => {
    const outcome = await planText(textOf('refused', name), { images }).catch((error: unknown) =>
      messageOf(error),
    );
    if (typeof outcome !== 'string') assert.fail('it was not refused');
    compare('refused', name, 'message', `${outcome}\n`);
  });
}
