import { quoteName } from '#archive/tar/malformed.ts';
import { DhowError, isDhowError } from '#errors/error.ts';
import { hasCode, SystemError } from '#sys/libc.ts';

/** What a failed system call says about the archive or the machine, naming the entry. */
export function unpackError(entry: string, error: unknown): unknown {
  if (isDhowError(error) || !(error instanceof SystemError)) return error;
  const failure = `cannot unpack ${quoteName(entry)}: ${error.message}`;
  if (hasCode(error, 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM')) {
    return new DhowError('ResourceExhausted', failure, { cause: error });
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
