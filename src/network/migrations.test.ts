import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { networkMigrations } from '#network/migrations.ts';
import { openDatabase } from '#store/database.ts';

/** One network with a pool, a container on it, and what belongs to these, as the first version wrote them. */
const rows = {
  networks: "'n', 'net', 'bridge', 1, 'br-n', 0, 1, '{}', '{\"a\":\"b\"}'",
  network_pools: "'n', 4, '10.0.0.0/24', NULL, '10.0.0.1', '{}', 1, NULL",
  attached_containers: "'c', 'web', '', '[]', NULL",
  endpoints: "'e', 'n', 'c', 'eth0', 'veth0', x'0a000002', NULL, '02:42:0a:00:00:02', '[]', '[]', '{}', 0",
  endpoint_names: "'n', 'web', 'e', 0",
  published_ports: "'c', 80, 'tcp', '0.0.0.0', 8080",
};

test('what the first version has written stays when later ones change the tables', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'network-test-'));
  const file = path.join(directory, 'dhow.db');
  try {
    const before = openDatabase(file, networkMigrations.slice(0, 1));
    for (const [table, values] of Object.entries(rows)) {
      before.sql.exec(`INSERT INTO ${table} VALUES (${values})`);
    }
    const written = readAll(before.sql);
    before.close();
    const after = openDatabase(file, networkMigrations);
    const kept = readAll(after.sql);
    for (const table of Object.keys(rows)) {
      for (const [index, row] of (written[table] ?? []).entries()) {
        assert.deepEqual({ ...kept[table]?.[index], ...row }, kept[table]?.[index], table);
      }
      assert.equal(kept[table]?.length, 1, table);
    }
    assert.deepEqual(after.sql.prepare('PRAGMA foreign_key_check').all(), []);
    // What refers to networks does so still.
    assert.throws(
      () => after.sql.exec("DELETE FROM networks WHERE id = 'n'"),
      /FOREIGN KEY constraint failed/,
    );
    after.sql.exec("DELETE FROM attached_containers; DELETE FROM networks WHERE id = 'n'");
    assert.equal(readAll(after.sql)['network_pools']?.length, 0);
    after.close();
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

function readAll(sql: ReturnType<typeof openDatabase>['sql']): Record<string, Record<string, unknown>[]> {
  return Object.fromEntries(
    Object.keys(rows).map((table) => [
      table,
      sql
        .prepare(`SELECT * FROM ${table}`)
        .all()
        .map((row) => ({ ...row })),
    ]),
  );
}
