// Loaded into a daemon by `node --import`: gives every effect that it has on the host a name, such as `rename containers/<id> trash/N`,
// and kills the process before the one that the test has chosen. An effect is what outlives the process: changes of files, commits
// of the database, system calls that change the kernel's state, programs that are started. The daemon's own code knows nothing of this.
//
// The file DHOW_EFFECTS_CONTROL says what to do, and is read at each effect:
//   off | record <trace file> | kill <nth> <name>   (the nth effect of that name since the line was written)
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { isMainThread } from 'node:worker_threads';
import koffi from 'koffi';

const controlFile = process.env.DHOW_EFFECTS_CONTROL;
const roots = JSON.parse(process.env.DHOW_EFFECTS_ROOTS ?? '[]');
const { readFileSync, openSync, writeSync, closeSync } = fs;
const thread = isMainThread ? '' : 'worker: ';
let line = '';
let counted = 0;

/** Called before each effect. */
function effect(words) {
  if (controlFile === undefined) return;
  let now;
  try {
    now = readFileSync(controlFile, 'utf8').trim();
  } catch {
    return;
  }
  if (now !== line) counted = 0;
  line = now;
  const [verb, first, ...rest] = now.split(' ');
  if (verb !== 'record' && verb !== 'kill') return;
  const name = thread + words.map(plain).join(' ');
  if (verb === 'record') {
    const trace = openSync(first, 'a');
    writeSync(trace, `${name}\n`);
    closeSync(trace);
  } else if (name === rest.join(' ')) {
    counted += 1;
    // SIGKILL is not delivered before the next return to user space of each thread: nothing more is done here.
    if (counted === Number(first)) {
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    }
  }
}

/** Without what differs from run to run. */
function plain(word) {
  let text = Buffer.isBuffer(word) ? word.toString('latin1').replace(/\0.*$/s, '') : String(word);
  for (const [root, short] of roots) text = text.replaceAll(root, short);
  return text
    .replace(/[0-9a-f]{12,64}/g, '<id>')
    .replace(/\/proc\/self\/fd\/\d+|\/proc\/\d+\/fd\/\d+/g, '<fd>')
    .replace(/\d+/g, 'N')
    .replace(/\s+/g, ' ')
    .slice(0, 160);
}

const isPath = (value) => typeof value === 'string' || Buffer.isBuffer(value) || value instanceof URL;

function wrapMethod(owner, name, describe) {
  const original = owner[name];
  if (typeof original !== 'function') return;
  const wrapped = function (...args) {
    const words = describe(args);
    if (words !== undefined) effect(words);
    return original.apply(this, args);
  };
  // Among them what util.promisify makes of it.
  const properties = Object.getOwnPropertyDescriptors(original);
  for (const key of ['length', 'name', 'prototype']) delete properties[key];
  owner[name] = Object.defineProperties(wrapped, properties);
}

const changing = [
  'mkdir',
  'mkdtemp',
  'rename',
  'rm',
  'rmdir',
  'unlink',
  'symlink',
  'link',
  'chmod',
  'chown',
  'truncate',
  'copyFile',
  'cp',
  'utimes',
];
for (const name of [...changing, 'writeFile', 'appendFile']) {
  const describe = (args) => [
    name,
    ...args.slice(0, ['rename', 'link', 'symlink', 'copyFile', 'cp'].includes(name) ? 2 : 1).filter(isPath),
  ];
  // A write of a pseudo file is one too.
  wrapMethod(fs, `${name}Sync`, describe);
  wrapMethod(fs, name, describe);
  wrapMethod(fs.promises, name, describe);
}
for (const name of ['fsync', 'fdatasync', 'ftruncate']) {
  wrapMethod(fs, `${name}Sync`, () => [name]);
  wrapMethod(fs, name, () => [name]);
}
const creates = (flags) =>
  typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wa]/.test(flags ?? 'r');
const describeOpen = ([path, flags]) => (isPath(path) && creates(flags) ? ['create', path] : undefined);
wrapMethod(fs, 'openSync', describeOpen);
wrapMethod(fs, 'open', describeOpen);
wrapMethod(fs.promises, 'open', describeOpen);
for (const name of ['spawn', 'execFile', 'spawnSync', 'execFileSync']) {
  wrapMethod(childProcess, name, ([program]) => ['spawn', program]);
}
syncBuiltinESMExports();
const handle = await fs.promises.open('/dev/null');
const FileHandle = Object.getPrototypeOf(handle);
for (const name of ['sync', 'datasync', 'truncate', 'write', 'writev', 'writeFile', 'chmod', 'chown']) {
  wrapMethod(FileHandle, name, () => ['file', name]);
}
await handle.close();

const tableOf = (sql) => /\b(?:INTO|UPDATE|FROM|TABLE)\s+(?!OR\b)(\w+)/i.exec(sql)?.[1] ?? '';
const verbOf = (sql) => /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
wrapMethod(DatabaseSync.prototype, 'exec', ([sql]) =>
  /^\s*(COMMIT|VACUUM|PRAGMA wal_checkpoint)/.test(sql) ? ['sql', verbOf(sql)] : undefined,
);
const { run } = StatementSync.prototype;
StatementSync.prototype.run = function (...args) {
  const sql = this.sourceSQL;
  effect(['sql', verbOf(sql), tableOf(sql)]);
  return run.apply(this, args);
};

/** System calls by name; of syscall(2) those with these numbers. */
const calls = new Set([
  ...[
    'mount',
    'umount2',
    'posix_spawn',
    'unshare',
    'setns',
    'mkdirat',
    'renameat',
    'unlinkat',
    'linkat',
    'symlinkat',
    'mknodat',
  ],
  ...[
    'fchownat',
    'fchown',
    'fchmod',
    'chmod',
    'fsetxattr',
    'lsetxattr',
    'utimensat',
    'futimens',
    'sendto',
    'send',
    'sendmsg',
    'kill',
    'syncfs',
    'ioctl',
  ],
]);
const numbers = new Map([
  [429, 'move_mount'],
  [432, 'fsmount'],
  [424, 'pidfd_send_signal'],
  [443, 'quotactl_fd'],
]);

const { load } = koffi;
koffi.load = (...args) => {
  const library = load(...args);
  return new Proxy(library, {
    get(target, key) {
      const value = target[key];
      if (key === 'func')
        return (...definition) => wrapCall(target.func(...definition), String(definition[0]));
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};

function wrapCall(call, prototype) {
  const name = /(\w+)\s*\(/.exec(prototype)?.[1] ?? '';
  const describe = (args) => {
    if (name === 'syscall') {
      const known = numbers.get(Number(args[0]));
      return known === undefined ? undefined : [known, ...args.filter(isText)];
    }
    if (name === 'posix_spawn')
      return [
        'spawn',
        args[1],
        ...args[4].filter((word) => typeof word === 'string' && /^[a-z]+$/.test(word)).slice(0, 2),
      ];
    // A message has no name; a path has.
    return calls.has(name) ? [name, ...(name.startsWith('send') ? [] : args.filter(isText))] : undefined;
  };
  const wrapped = (...args) => {
    const words = describe(args);
    if (words !== undefined) effect(words);
    return call(...args);
  };
  wrapped.async = (...args) => {
    const words = describe(args.slice(0, -1));
    if (words !== undefined) effect(words);
    return call.async(...args);
  };
  wrapped.info = call.info;
  return wrapped;
}

function isText(value) {
  return typeof value === 'string' || (Buffer.isBuffer(value) && value.length < 300 && value.at(-1) === 0);
}
