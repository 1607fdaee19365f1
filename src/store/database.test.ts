import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Migration, openDatabase } from '#store/database.ts';

let directory = '';
let file = '';

beforeEach(() => {
  directory = fs.mkdtempSync('/tmp/store-database-');
  file = path.join(directory, 'dhow.db');
});

afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const first: Migration = { version: 1, name: 'one', sql: 'CREATE TABLE one (x INTEGER) STRICT' };
const second: Migration = { version: 2, name: 'two', sql: 'ALTER TABLE one ADD COLUMN y TEXT' };

describe('openDatabase', () => {
  it('keeps what was committed', () => {
    using stack = new DisposableStack();
    const database = openDatabase(file, [first]);
    database.sql.exec('INSERT INTO one VALUES (7)');
    database.close();
    const again = stack.adopt(openDatabase(file, [first]), (opened) => opened.close());
    assert.equal(again.sql.prepare('SELECT x FROM one').get()?.['x'], 7);
  });

  it('applies migrations once, in order of version, also those that are added later', () => {
    openDatabase(file, [first]).close();
    const database = openDatabase(file, [second, first]);
    database.sql.exec("INSERT INTO one VALUES (1, 'a')");
    database.close();
    const again = openDatabase(file, [first, second]);
    assert.equal(again.sql.prepare('SELECT y FROM one').get()?.['y'], 'a');
    again.close();
  });

  it('closes its files to others, those too that were open to them', async () => {
    const database = openDatabase(file, [first]);
    database.sql.exec('INSERT INTO one VALUES (7)');
    await database.snapshot();
    const modes = (): string[] =>
      fs
        .readdirSync(directory)
        .map((name) => (fs.statSync(path.join(directory, name)).mode & 0o777).toString(8));
    const closed = Array(4).fill('600');
    assert.deepEqual(modes(), closed);
    for (const name of fs.readdirSync(directory)) fs.chmodSync(path.join(directory, name), 0o644);
    // As the next daemon after a SIGKILL finds them.
    const next = openDatabase(file, [first]);
    assert.deepEqual(modes(), closed);
    next.close();
    database.close();
  });

  it('refuses a database of a newer program', () => {
    openDatabase(file, [first, second]).close();
    assert.throws(() => openDatabase(file, [first]), { kind: 'Unsupported', message: /newer.*"two"/ });
  });

  it('undoes a migration that fails, and only that one', () => {
    const broken: Migration = {
      version: 2,
      name: 'two',
      sql: 'CREATE TABLE two (x INTEGER); CREATE nonsense',
    };
    assert.throws(() => openDatabase(file, [first, broken]), { kind: 'Internal', message: /"two"/ });
    const sql = new DatabaseSync(file);
    const tables = sql.prepare("SELECT name FROM sqlite_master WHERE name IN ('one', 'two')").all();
    assert.deepEqual(
      tables.map((row) => row['name']),
      ['one'],
    );
    sql.close();
  });

  it('refuses two migrations of one version', () => {
    assert.throws(() => openDatabase(file, [first, { ...second, version: 1 }]), { kind: 'Internal' });
  });

  it('enforces foreign keys', () => {
    const database = openDatabase(file, [
      {
        version: 1,
        name: 'keys',
        sql: 'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a (id))',
      },
    ]);
    assert.throws(() => database.sql.exec('INSERT INTO b VALUES (1)'), /FOREIGN KEY/);
    database.close();
  });
});

describe('transaction', () => {
  function withDatabase(
    body: (database: ReturnType<typeof openDatabase>, rows: () => unknown[]) => void,
  ): void {
    const database = openDatabase(file, [first]);
    try {
      body(database, () =>
        database.sql
          .prepare('SELECT x FROM one ORDER BY x')
          .all()
          .map((row) => row['x']),
      );
    } finally {
      database.close();
    }
  }

  it('returns what its body returns', () => {
    withDatabase((database) =>
      assert.equal(
        database.transaction(() => 5),
        5,
      ),
    );
  });

  it('undoes everything, nested calls too, and throws what its body throws', () => {
    withDatabase((database, rows) => {
      const failure = new Error('no');
      assert.throws(
        () =>
          database.transaction(() => {
            database.transaction(() => database.sql.exec('INSERT INTO one VALUES (1)'));
            throw failure;
          }),
        failure,
      );
      assert.deepEqual(rows(), []);
      database.transaction(() => database.sql.exec('INSERT INTO one VALUES (2)'));
      assert.deepEqual(rows(), [2]);
    });
  });

  it('refuses an asynchronous body', () => {
    withDatabase((database, rows) => {
      assert.throws(
        () =>
          database.transaction(async () => {
            database.sql.exec('INSERT INTO one VALUES (1)');
          }),
        { kind: 'Internal' },
      );
      assert.deepEqual(rows(), []);
    });
  });
});

describe('a full disk', () => {
  it('is named, in a transaction and outside of one, and what was begun is rolled back', () => {
    using stack = new DisposableStack();
    const database = stack.adopt(openDatabase(file, [second, first]), (opened) => opened.close());
    const insert = database.sql.prepare('INSERT INTO one VALUES (1, ?)');
    const pages = database.sql.prepare('PRAGMA page_count').get()?.['page_count'];
    // To SQLite this is the same.
    database.sql.exec(`PRAGMA max_page_count = ${pages}`);
    const lack = { kind: 'ResourceExhausted', message: `cannot write ${file}: no space left on device` };
    assert.throws(() => insert.run('x'.repeat(10_000)), lack);
    assert.throws(() => database.transaction(() => insert.run('x'.repeat(10_000))), lack);
    assert.equal(database.sql.isTransaction, false);
    database.transaction(() => insert.run('small'));
    assert.equal(database.sql.prepare('SELECT y FROM one').get()?.['y'], 'small');
  });

  it('leaves room for the log and the database to grow', () => {
    using stack = new DisposableStack();
    stack.adopt(openDatabase(file, [first]), (opened) => opened.close());
    const spare = (name: string): number => {
      const { blocks, size } = fs.statSync(name);
      return blocks * 512 - size;
    };
    assert.ok(spare(`${file}-wal`) > 4_000_000);
    assert.ok(spare(file) >= 1_000_000);
  });
});

describe('durable', () => {
  it('leaves every commit readable in a copy of the files, with checkpoints in between', async () => {
    const database = openDatabase(file, [first]);
    const waits: Promise<void>[] = [];
    for (let i = 0; i < 50; i++) {
      database.transaction(() => database.sql.exec(`INSERT INTO one VALUES (${i})`));
      waits.push(database.durable());
      if (i % 20 === 10) database.sql.exec('PRAGMA wal_checkpoint(RESTART)');
    }
    await Promise.all(waits);
    // What a crash would leave: the files as they are, without the orderly end of this connection.
    const copy = path.join(directory, 'copy.db');
    for (const suffix of ['', '-wal']) fs.copyFileSync(file + suffix, copy + suffix);
    database.close();
    const crashed = openDatabase(copy, [first]);
    assert.equal(crashed.sql.prepare('SELECT COUNT(*) AS n FROM one').get()?.['n'], 50);
    crashed.close();
  });

  it('shares one sync among all who wait', async () => {
    const database = openDatabase(file, [first]);
    const running = database.durable();
    const waiting = [database.durable(), database.durable(), database.durable()];
    assert.equal(new Set(waiting).size, 1);
    assert.notEqual(waiting[0], running);
    await Promise.all([running, ...waiting]);
    database.close();
  });

  it('may be under way when the database is closed', async () => {
    const database = openDatabase(file, [first]);
    const waits = [database.durable(), database.durable()];
    database.close();
    await waits[0];
    await waits[1]?.catch(() => {});
  });
});
