/**
 * Go's os.FileMode, which the Engine API sends where Linux has st_mode: permission bits as they are, the type and the special bits
 * from the top of 32 bits.
 */
const goBits = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  characterDevice: 2 ** 21,
  sticky: 2 ** 20,
} as const;

/** st_mode's type bits (inode(7)). */
const typeMask = 0o170000;
const goTypes: ReadonlyMap<number, number> = new Map([
  [0o040000, goBits.directory],
  [0o120000, goBits.symlink],
  [0o060000, goBits.device],
  [0o020000, goBits.device + goBits.characterDevice],
  [0o010000, goBits.fifo],
  [0o140000, goBits.socket],
]);

export function toGoFileMode(mode: number): number {
  const special =
    ((mode & 0o4000) === 0 ? 0 : goBits.setuid) +
    ((mode & 0o2000) === 0 ? 0 : goBits.setgid) +
    ((mode & 0o1000) === 0 ? 0 : goBits.sticky);
  return (mode & 0o777) + (goTypes.get(mode & typeMask) ?? 0) + special;
}

export function isGoDirectory(mode: number): boolean {
  return Math.floor(mode / goBits.directory) % 2 === 1;
}

export function isGoSymlink(mode: number): boolean {
  return Math.floor(mode / goBits.symlink) % 2 === 1;
}
