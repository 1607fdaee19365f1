import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type BuilderParts, createBuilder } from '#build/build.ts';
import { buildMigration } from '#build/migration.ts';
import type { BuildRequest } from '#build/request.ts';
import { openDatabase } from '#store/database.ts';
import { createLayerUses } from '#store/layer-uses.ts';
import { storeMigrations } from '#store/migrations.ts';

test('a build ends as it does, and is over, though the cache cannot be cut back', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-builder-'));
  const database = openDatabase(path.join(directory, 'db'), [...storeMigrations, buildMigration]);
  try {
    const parts: Partial<BuilderParts> = {
      database,
      layerUses: createLayerUses(database),
      collector: {
        lease: () => ({ hold: () => {}, [Symbol.dispose]: () => {} }),
        collect: () => Promise.reject(new Error('a broken disk')),
      } as unknown as BuilderParts['collector'],
      directory,
      runDirectory: path.join(directory, 'run'),
      // Nothing may be kept, so that there is always something to do.
      maxCacheBytes: -1,
    };
    const builder = createBuilder(parts as BuilderParts);
    const request: Partial<BuildRequest> = {
      dockerfile: { name: 'Dockerfile', bytes: Buffer.from('FORM x\n') },
      contexts: new Map(),
      signal: new AbortController().signal,
    };
    await assert.rejects(builder.build(request as BuildRequest), {
      kind: 'InvalidParameter',
      message: /did you mean FROM/,
    });
    await builder.settled();
  } finally {
    database.close();
    fs.rmSync(directory, { recursive: true, force: true });
  }
});
