import { getSystemErrorMessage } from 'node:util';
import { quoteName } from '#archive/tar/malformed.ts';
import { DhowError, isDhowError, messageOf } from '#errors/error.ts';
import { hasCode, SystemError } from '#sys/libc.ts';

const exhaustion = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM'];

/** A full disk may also show where no entry is worked on. */
export function recordError(error: unknown): unknown {
  if (isDhowError(error) || !hasCode(error, ...exhaustion)) return error;
  return new DhowError('ResourceExhausted', `cannot write the record of a layer: ${messageOf(error)}`, {
    cause: error,
  });
}

/** What a failed system call says about the archive or the machine, naming the entry. */
export function unpackError(entry: string, error: unknown): unknown {
  if (isDhowError(error) || !(error instanceof SystemError)) return error;
  const failure = `cannot unpack ${quoteName(entry)}: ${error.message}`;
  if (hasCode(error, ...exhaustion)) {
    // Nothing is wrong with the archive: the user must read what the machine lacks.
    const lack = getSystemErrorMessage(-error.errno);
    return new DhowError('ResourceExhausted', `cannot unpack ${quoteName(entry)}: ${lack}`, { cause: error });
  }
  if (hasCode(error, 'EROFS')) {
    return new DhowError(
      'Forbidden',
      `cannot unpack ${quoteName(entry)}: it would be on a read-only file system`,
    );
  }
  // What else can fail in a directory of our own is the fault of the entry: its name, target, size or attributes.
  const fault = [
    'ENAMETOOLONG',
    'ELOOP',
    'ENOTDIR',
    'ENOENT',
    'EINVAL',
    'EFBIG',
    'EPERM',
    'ERANGE',
    'E2BIG',
    'EMLINK',
    'EEXIST',
    'EISDIR',
  ];
  return new DhowError(hasCode(error, ...fault) ? 'InvalidParameter' : 'Internal', failure, { cause: error });
}
