import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { outputOf } from './command.ts';

/** Where what is made once is kept between runs: outside of the checkout. */
const cacheDirectory = path.join(os.homedir(), '.cache/dhow-tests');

const files: Readonly<Record<string, string>> = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
    'alice:x:1000:1000:Alice:/home/alice:/bin/sh',
    'nobody:x:65534:65534:nobody:/:/bin/false',
    '',
  ].join('\n'),
  'etc/group': 'root:x:0:\ndaemon:x:1:\nalice:x:1000:\nstaff:x:50:alice\nnogroup:x:65534:\n',
};
const directories = ['bin', 'etc', 'home/alice', 'proc', 'sys', 'dev', 'root', 'tmp', 'var/log', 'usr/sbin'];

/**
 * Path of a tar of a root file system made from the machine's static busybox, with a link for each applet. Made once for each
 * version of busybox.
 */
export async function baseRootfs(): Promise<string> {
  const busybox = fs.readFileSync('/bin/busybox');
  const key = createHash('sha256')
    .update(busybox)
    .update(JSON.stringify({ files, directories }))
    .digest('hex')
    .slice(0, 16);
  const target = path.join(cacheDirectory, `rootfs-${key}.tar`);
  if (fs.existsSync(target)) return target;
  fs.mkdirSync(cacheDirectory, { recursive: true });
  const root = fs.mkdtempSync(path.join(cacheDirectory, 'rootfs-'));
  try {
    for (const directory of directories) fs.mkdirSync(path.join(root, directory), { recursive: true });
    fs.chmodSync(path.join(root, 'tmp'), 0o1777);
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
    fs.writeFileSync(path.join(root, 'bin/busybox'), busybox, { mode: 0o755 });
    const applets = await outputOf('/bin/busybox', ['--list']);
    for (const applet of applets.split('\n').filter((name) => name !== 'busybox')) {
      fs.symlinkSync('busybox', path.join(root, 'bin', applet));
    }
    // Renamed when complete: two test processes may both be making it.
    await outputOf('tar', [
      '-C',
      root,
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-cf',
      `${root}.tar`,
      '.',
    ]);
    fs.renameSync(`${root}.tar`, target);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
  return target;
}
