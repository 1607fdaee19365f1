import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { dhowProgram, repository } from '../../support/cli.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';

/** What test/fixtures/states holds of the database of an earlier version, whose default bridge is `dlu0`. */
function writeState(commit: string, file: string, bridge: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (const suffix of ['', '-wal', '-shm', '.snapshot']) fs.rmSync(`${file}${suffix}`, { force: true });
  using database = new DatabaseSync(file);
  const sql = fs.readFileSync(path.join(repository, `test/fixtures/states/${commit}.sql`), 'utf8');
  database.exec(sql.replaceAll('dlu0', bridge));
}

/** Tables with their columns, and indexes. */
function schemaOf(file: string): string[] {
  using database = new DatabaseSync(file, { readOnly: true });
  return database
    .prepare(
      `SELECT made.type || ' ' || made.name || ' ' || coalesce(group_concat(part.name || ' ' || part.type, ', '), '') AS line
       FROM sqlite_master AS made LEFT JOIN pragma_table_info(made.name) AS part
       WHERE made.name NOT LIKE 'sqlite_%' GROUP BY made.name ORDER BY line`,
    )
    .all()
    .map(({ line }) => String(line).split(', ').toSorted().join(', '));
}

describe('a daemon over the state of an earlier version', () => {
  let daemon: Daemon;
  let database: string;
  let freshSchema: string[];

  before(async () => {
    // Its own state is replaced; what was made for it on the host is the same.
    daemon = await startDaemon();
    database = path.join(daemon.dataRoot, 'dhow.db');
    await daemon.stop();
    freshSchema = schemaOf(database);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const refused = (): Promise<CommandResult> => runCommand(dhowProgram, ['daemon', ...daemon.args]);

  it('refuses the database of a newer version by name, and leaves it alone', async () => {
    const sql = new DatabaseSync(database);
    sql.exec(`
      ALTER TABLE networks DROP COLUMN attachable;
      INSERT INTO schema_migrations VALUES ('9999-from-the-future', 9999, 0);`);
    sql.close();
    const newer = schemaOf(database);
    const { code, stderr } = await refused();
    assert.equal(code, 1);
    assert.match(stderr, /dhow\.db was written by a newer version of dhow .*"9999-from-the-future"/);
    assert.deepEqual(schemaOf(database), newer);
  });

  it('refuses one from which there is no way, and leaves it alone', async () => {
    writeState('cf99e7a', database, daemon.bridge);
    const old = schemaOf(database);
    const { code, stderr } = await refused();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /written by a development version .*\(it has no networks\.interface_name\).*--data-root/,
    );
    assert.deepEqual(schemaOf(database), old);
  });

  it('takes over everything that is in it', async () => {
    writeState('fa32030', database, daemon.bridge);
    await daemon.start();
    const docker = daemon.cli('docker');
    const listed = await docker.out('ps', '--all', '--format', '{{.Names}} {{.State}}');
    // As on a machine that was switched off: nothing runs any more. Without its layers `web`, which is to restart, does not get far.
    assert.deepEqual(
      listed
        .replace(/^web .*$/m, 'web')
        .split('\n')
        .toSorted(),
      [
        'ended exited',
        'made created',
        'netnone exited',
        'paused exited',
        'plain exited',
        'tty exited',
        'web',
      ],
    );
    assert.equal(
      await docker.out('inspect', '-f', '{{.State.ExitCode}} {{.State.Status}}', 'ended'),
      '7 exited',
    );
    assert.equal(
      await docker.out(
        'inspect',
        '-f',
        '{{json .HostConfig.PortBindings}} {{.HostConfig.RestartPolicy.Name}}',
        'web',
      ),
      '{"80/tcp":[{"HostIp":"","HostPort":"8765"}]} always',
    );
    assert.match(
      await docker.out('network', 'inspect', '-f', '{{json .IPAM.Config}}', 'own'),
      /10\.77\.0\.0\/24/,
    );
    assert.match(await docker.out('inspect', '-f', '{{json .NetworkSettings.Networks}}', 'netnone'), /"own"/);
    assert.equal(await docker.out('volume', 'ls', '-q'), 'data');
    await daemon.stop();
    assert.deepEqual(schemaOf(database), freshSchema);
    await daemon.start();
    await docker.out('rm', '-f', '-v', 'ended', 'made', 'netnone', 'paused', 'plain', 'tty', 'web');
    await docker.out('network', 'rm', 'own');
    await docker.out('volume', 'rm', 'data');
  });
});
