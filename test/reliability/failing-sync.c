/* Loaded into a daemon by LD_PRELOAD: what syncs files fails as on a broken disk while the file DHOW_SYNC_FAILS exists. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sync_or_fail(long number, int fd) {
  const char *control = getenv("DHOW_SYNC_FAILS");
  if (control && access(control, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  return syscall(number, fd);
}

int fsync(int fd) { return sync_or_fail(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_or_fail(SYS_fdatasync, fd); }
int syncfs(int fd) { return sync_or_fail(SYS_syncfs, fd); }
