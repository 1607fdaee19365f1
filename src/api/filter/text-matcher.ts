/** Docker takes the value as an unanchored pattern. One that is none, or too long to be one, is compared as text. */
export function textMatcher(value: string): (text: string) => boolean {
  try {
    if (value.length <= 256) {
      const pattern = new RegExp(value);
      return (text) => pattern.test(text);
    }
  } catch {
    // Compared as text.
  }
  return (text) => text.includes(value);
}
