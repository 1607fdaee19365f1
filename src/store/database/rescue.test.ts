import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Database, type Migration, openDatabase } from '#store/database.ts';

const migrations: Migration[] = [
  {
    version: 1,
    name: 'things',
    sql: `
      CREATE TABLE things (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL) STRICT;
      CREATE TABLE parts (
        thing TEXT NOT NULL REFERENCES things (id) ON DELETE CASCADE, position INTEGER NOT NULL, word TEXT NOT NULL,
        PRIMARY KEY (thing, position)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX parts_by_word ON parts (word);`,
    documents: { things: ['definition'] },
  },
];
const pageBytes = 4096;
const count = 400;

describe('a damaged database', () => {
  let directory = '';
  let file = '';
  beforeEach(() => {
    directory = fs.mkdtempSync('/tmp/store-rescue-');
    file = path.join(directory, 'dhow.db');
  });
  afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

  function add(database: Database, index: number): void {
    const id = `id-${index}`;
    const definition = JSON.stringify({ index, filler: 'x'.repeat(200) });
    database.sql.prepare('INSERT INTO things VALUES (?, ?, ?)').run(id, `name-${index}`, definition);
    database.sql.prepare('INSERT INTO parts VALUES (?, ?, ?)').run(id, 0, `word-${index}`);
  }
  /** Rows 0 to `count` in the snapshot, and one more after it. */
  async function fill(): Promise<void> {
    const database = openDatabase(file, migrations);
    database.settle();
    for (let index = 0; index < count; index++) add(database, index);
    await database.snapshot();
    add(database, count);
    database.close();
  }
  function namesIn(database: Database): Set<string> {
    return new Set(
      database.sql
        .prepare('SELECT name, word FROM things JOIN parts ON thing = id')
        .all()
        .map(({ name }) => String(name)),
    );
  }
  function overwrite(page: number, bytes: Buffer, offset = 0): void {
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, bytes, 0, bytes.length, (page - 1) * pageBytes + offset);
    fs.closeSync(fd);
  }

  it('is not touched when it is whole', async () => {
    await fill();
    const database = openDatabase(file, migrations);
    assert.equal(database.origin, 'kept');
    assert.deepEqual(database.problems(), []);
    database.close();
    assert.deepEqual(fs.readdirSync(directory).sort(), ['dhow.db', 'dhow.db.snapshot']);
  });

  it('is whole too when a later migration adds a document to it', async () => {
    await fill();
    const later = { version: 2, name: 'later', sql: 'ALTER TABLE things ADD COLUMN options TEXT' };
    const database = openDatabase(file, [...migrations, { ...later, documents: { things: ['options'] } }]);
    assert.equal(database.origin, 'kept');
    assert.deepEqual(database.problems(), []);
    database.sql.exec("UPDATE things SET options = '{' WHERE id = 'id-1'");
    assert.deepEqual(database.problems(), ['1 rows of things cannot be read']);
    database.close();
  });

  it('has all rows again, whichever page is overwritten', async () => {
    await fill();
    const whole = fs.readFileSync(file);
    const wanted = new Set(Array.from({ length: count + 1 }, (_, index) => `name-${index}`));
    for (let page = 1; page <= whole.length / pageBytes; page++) {
      fs.writeFileSync(file, whole);
      overwrite(page, Buffer.alloc(pageBytes, 0xa5));
      const database = openDatabase(file, migrations);
      assert.notEqual(database.origin, 'kept', `page ${page}`);
      assert.deepEqual(database.problems(), [], `page ${page}`);
      const missing = wanted.difference(namesIn(database));
      missing.delete(`name-${count}`);
      assert.deepEqual([...missing], [], `page ${page}`);
      database.close();
    }
  });

  it('keeps what was written after the snapshot, when its page is whole', async () => {
    await fill();
    const row = fs.readFileSync(file).indexOf('"index":203,');
    overwrite(Math.floor(row / pageBytes) + 1, Buffer.alloc(pageBytes, 0xff));
    const database = openDatabase(file, migrations);
    assert.ok(namesIn(database).has(`name-${count}`));
    assert.ok(namesIn(database).has('name-203'));
    assert.ok(typeof database.origin === 'object');
    assert.equal(database.origin.tables[0]?.name, 'things');
    assert.ok(fs.existsSync(database.origin.setAside));
    database.close();
  });

  it('takes a document that cannot be read, and a key that the index contradicts, from the snapshot', async () => {
    await fill();
    const bytes = fs.readFileSync(file);
    const document = bytes.indexOf('{"index":5,');
    overwrite(1, Buffer.from('['), document);
    const key = bytes.indexOf('id-7name-7');
    overwrite(1, Buffer.from('NAME'), key + 'id-7'.length);
    const database = openDatabase(file, migrations);
    assert.ok(namesIn(database).isSupersetOf(new Set(['name-5', 'name-7'])));
    database.close();
  });

  it('is refused when there is no copy either', async () => {
    await fill();
    fs.rmSync(`${file}.snapshot`);
    overwrite(1, Buffer.alloc(pageBytes));
    assert.throws(() => openDatabase(file, migrations), {
      kind: 'DataLoss',
      message: /put a backup of it there/,
    });
  });

  it('is not trusted before what has no row was kept aside, also when its rescue or that was cut short', async () => {
    await fill();
    fs.rmSync(file);
    openDatabase(file, migrations).close();
    // As between two renames.
    fs.renameSync(file, `${file}.rescued`);
    const origins = [1, 2].map(() => {
      const database = openDatabase(file, migrations);
      const { origin } = database;
      database.close();
      return origin;
    });
    assert.deepEqual(origins, ['new', 'new']);
    const database = openDatabase(file, migrations);
    database.settle();
    database.close();
    const settled = openDatabase(file, migrations);
    assert.equal(settled.origin, 'kept');
    assert.equal(namesIn(settled).size, count);
    settled.close();
  });

  it('is left as it is when a newer program wrote it', async () => {
    await fill();
    overwrite(3, Buffer.alloc(pageBytes, 0xa5));
    const damaged = fs.readFileSync(file);
    const older = [{ ...(migrations[0] as Migration), name: 'another' }];
    assert.throws(() => openDatabase(file, older), { kind: 'Unsupported', message: /newer/ });
    assert.deepEqual(fs.readFileSync(file), damaged);
  });

  it('comes from the copy when it is gone', async () => {
    await fill();
    fs.rmSync(file);
    const database = openDatabase(file, migrations);
    assert.equal(namesIn(database).size, count);
    database.close();
  });

  it('is told when a copy is made of it', async () => {
    await fill();
    const database = openDatabase(file, migrations);
    add(database, count + 1);
    database.sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const row = fs.readFileSync(file).indexOf('"index":3,');
    overwrite(Math.floor(row / pageBytes) + 1, Buffer.alloc(pageBytes, 0xff));
    assert.ok(database.problems().length > 0);
    database.sql.exec('PRAGMA shrink_memory');
    await assert.rejects(database.snapshot(), { kind: 'DataLoss', message: /start the daemon anew/ });
    database.close();
  });
});
