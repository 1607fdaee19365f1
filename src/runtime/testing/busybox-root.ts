import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Makes a root file system of Debian's static busybox, with a user database. */
export function makeBusyboxRoot(directory: string): void {
  for (const name of ['bin', 'etc', 'tmp']) fs.mkdirSync(path.join(directory, name), { recursive: true });
  fs.chmodSync(path.join(directory, 'tmp'), 0o1777);
  fs.copyFileSync('/bin/busybox', path.join(directory, 'bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) {
    if (applet !== 'busybox') fs.symlinkSync('busybox', path.join(directory, 'bin', applet));
  }
  fs.writeFileSync(
    path.join(directory, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nweb:x:101:102:web:/srv/web:/bin/sh\n',
  );
  fs.writeFileSync(
    path.join(directory, 'etc/group'),
    'root:x:0:\nweb:x:102:\nextra:x:103:web\nother:x:104:\n',
  );
}
