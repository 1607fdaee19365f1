/** Whether a name is no path of this machine but an address: of a repository, a file, an image. */
export function isElsewhere(name: string): boolean {
  return /^([a-z][a-z+.-]*:\/\/|oci:|git@|github\.com\/)/.test(name);
}
