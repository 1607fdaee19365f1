import type { DatabaseSync, StatementResultingChanges, StatementSync } from 'node:sqlite';
import { DhowError } from '#errors/error.ts';

/** SQLITE_FULL, at https://sqlite.org/rescode.html. */
const fullCode = 13;

/** What SQLite says of a full disk does not name the file, and looks like a fault of the program. */
export function nameLackOfSpace(path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'errcode' in error && error.errcode === fullCode)) return error;
  return new DhowError('ResourceExhausted', `cannot write ${path}: no space left on device`, {
    cause: error,
  });
}

/** Lets the statements that are prepared from now on throw ResourceExhausted when the disk is full. */
export function nameLackOfSpaceIn(sql: DatabaseSync, path: string): void {
  const prepare = sql.prepare.bind(sql);
  sql.prepare = (...args: Parameters<DatabaseSync['prepare']>): StatementSync => {
    const statement = prepare(...args);
    const run = statement.run.bind(statement) as (...parameters: unknown[]) => StatementResultingChanges;
    statement.run = (...parameters: unknown[]): StatementResultingChanges => {
      try {
        return run(...parameters);
      } catch (error) {
        throw nameLackOfSpace(path, error);
      }
    };
    return statement;
  };
}
