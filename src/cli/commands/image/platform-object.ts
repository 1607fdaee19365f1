/** A platform as the API's newer parameters want it: JSON. The daemon checks it. */
export function platformObject(text: string): string {
  const [os, architecture, variant] = text.split('/');
  return JSON.stringify({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}
