import fs from 'node:fs';
import { formatRanges, type IdMapping } from '#sys/id-mapping.ts';
import { check, libc } from '#sys/libc.ts';

const CLONE_VM = 0x00000100;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWNET = 0x40000000;
const __WALL = 0x40000000;
const SIGKILL = 9;
const SIG_SETMASK = 2;
/** <sys/mman.h> */
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const stackBytes = 64 * 1024;
const signalSetBytes = 128;

const cloneFunction = libc.func('int clone(intptr_t body, intptr_t stackTop, int flags, void *argument)');
const symbolFunction = libc.func('intptr_t dlsym(void *library, const char *name)');
const mapFunction = libc.func(
  'intptr_t mmap(void *address, size_t length, int protection, int flags, int fd, long offset)',
);
const killFunction = libc.func('int kill(int pid, int signal)');
const waitFunction = libc.func('int waitpid(int pid, void *status, int options)');
const maskFunction = libc.func('int pthread_sigmask(int how, void *set, void *old)');
const fillFunction = libc.func('int sigfillset(void *set)');

/** A user namespace and a network namespace that it owns; the descriptors hold them, and the caller closes them. */
export interface UserNamespace {
  userFd: number;
  networkFd: number;
}

/**
 * Makes a user namespace with these ids, and a network namespace in its power.
 *
 * A process with several threads cannot enter a user namespace, so another one has to be born in it. It shares our memory instead of
 * copying the page tables, executes nothing but pause(2), on a stack of its own and with all signals blocked, and is killed as soon
 * as the descriptors are open; the namespaces live on with these.
 *
 * @throws SystemError (EPERM, ENOSPC at the limit user.max_user_namespaces, EUSERS); EINVAL for ids that the kernel refuses
 */
export function createUserNamespace(mapping: IdMapping): UserNamespace {
  const pid = startPausing(CLONE_VM | CLONE_NEWUSER | CLONE_NEWNET);
  const opened: number[] = [];
  try {
    fs.writeFileSync(`/proc/${pid}/uid_map`, formatRanges(mapping.uids));
    fs.writeFileSync(`/proc/${pid}/gid_map`, formatRanges(mapping.gids));
    for (const kind of ['user', 'net']) opened.push(fs.openSync(`/proc/${pid}/ns/${kind}`, 'r'));
    const [userFd, networkFd] = opened as [number, number];
    return { userFd, networkFd };
  } catch (error) {
    for (const fd of opened) fs.closeSync(fd);
    throw error;
  } finally {
    killFunction(pid, SIGKILL);
    waitFunction(pid, null, __WALL);
  }
}

/** One is enough, as no two such processes live at a time. */
let stackTop: number | undefined;
let pauseAddress: number | undefined;

function startPausing(flags: number): number {
  stackTop ??=
    check('mmap', Number(mapFunction(null, stackBytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0))) +
    stackBytes;
  pauseAddress ??= Number(symbolFunction(null, 'pause'));
  const all = Buffer.alloc(signalSetBytes);
  const before = Buffer.alloc(signalSetBytes);
  fillFunction(all);
  maskFunction(SIG_SETMASK, all, before);
  try {
    return check('clone', cloneFunction(pauseAddress, stackTop, flags, null), 'CLONE_NEWUSER');
  } finally {
    maskFunction(SIG_SETMASK, before, null);
  }
}
