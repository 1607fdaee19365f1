/** `default` is Docker's word for the default bridge. */
export function networkNameOf(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}
