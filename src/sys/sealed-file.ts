import fs from 'node:fs';
import { check, hasCode, libc } from '#sys/libc.ts';

const memfdCreate = libc.func('int memfd_create(const char *name, uint flags)');
const fcntl = libc.func('int fcntl(int fd, int command, int argument)');

/** <linux/memfd.h>, <linux/fcntl.h> */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 16;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE. */
const everySeal = 15;

/**
 * Copies a file into memory where nobody can change it any more, not even who reaches it through /proc/<pid>/exe of a process that runs it
 * (memfd_create(2), fcntl(2)). It can be executed as `/proc/<our pid>/fd/<fd>`.
 *
 * @param name what `ps` shows
 * @returns a descriptor that the caller closes
 * @throws SystemError (EACCES where the sysctl vm.memfd_noexec forbids it)
 */
export function copySealed(file: string, name: string): number {
  return sealBytes(fs.readFileSync(file), name);
}

/** The same with bytes that are not in a file yet. */
export function sealBytes(bytes: Uint8Array, name: string): number {
  const fd = createMemoryFile(name);
  try {
    for (let offset = 0; offset < bytes.length; ) offset += fs.writeSync(fd, bytes, offset);
    check('fcntl', fcntl(fd, F_ADD_SEALS, everySeal), name);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function createMemoryFile(name: string): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  try {
    return check('memfd_create', memfdCreate(name, flags | MFD_EXEC), name);
  } catch (error) {
    // Linux before 6.3 does not know the flag, and all such files can be executed there.
    if (!hasCode(error, 'EINVAL')) throw error;
    return check('memfd_create', memfdCreate(name, flags), name);
  }
}
