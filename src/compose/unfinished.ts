/**
 * A container that is being made has such a name until it is complete, as those of Docker Compose have.
 * @param prefix twelve hexadecimal digits
 */
export function unfinishedName(prefix: string, name: string): string {
  return `${prefix}_${name}`;
}

export function isUnfinished(name: string): boolean {
  return /^[0-9a-f]{12}_/.test(name);
}
