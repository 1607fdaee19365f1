import type { TarInput } from '#archive/write-tar.ts';

type TarEntryType = TarInput['type'];

/** Bits of Go's os.FileMode, which is what files are described by in a session (pkg.go.dev/io/fs, "FileMode"). */
const bits = {
  directory: 1 << 31,
  symlink: 1 << 27,
  device: 1 << 26,
  fifo: 1 << 25,
  socket: 1 << 24,
  setuid: 1 << 23,
  setgid: 1 << 22,
  characterDevice: 1 << 21,
  sticky: 1 << 20,
} as const;

/** undefined for a socket, which no archive holds. */
export function entryTypeOf(mode: number, linkName: string): TarEntryType | undefined {
  if (mode & bits.directory) return 'directory';
  if (mode & bits.symlink) return 'symlink';
  if (mode & bits.characterDevice) return 'character-device';
  if (mode & bits.device) return 'block-device';
  if (mode & bits.fifo) return 'fifo';
  if (mode & bits.socket) return undefined;
  return linkName === '' ? 'file' : 'hard-link';
}

/** Permission bits with setuid, setgid and sticky, as Linux has them. */
export function permissionsOf(mode: number): number {
  return (
    (mode & 0o777) |
    (mode & bits.setuid ? 0o4000 : 0) |
    (mode & bits.setgid ? 0o2000 : 0) |
    (mode & bits.sticky ? 0o1000 : 0)
  );
}

/** The other way. */
export function goModeOf(type: TarEntryType, permissions: number): number {
  const typeBits: Readonly<Record<TarEntryType, number>> = {
    file: 0,
    'hard-link': 0,
    directory: bits.directory,
    symlink: bits.symlink,
    fifo: bits.fifo,
    'character-device': bits.device | bits.characterDevice,
    'block-device': bits.device,
  };
  const mode =
    typeBits[type] |
    (permissions & 0o777) |
    (permissions & 0o4000 ? bits.setuid : 0) |
    (permissions & 0o2000 ? bits.setgid : 0) |
    (permissions & 0o1000 ? bits.sticky : 0);
  // An unsigned number: the highest bit is that of directories.
  return mode >>> 0;
}
