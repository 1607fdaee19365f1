// Scripts whose characters take two columns (Unicode East Asian Width "W" and "F"), and pictographs shown as pictures.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const invisible = /[\p{Mn}\p{Me}\p{Cf}]/u;
const ascii = /^[\x20-\x7e]*$/;

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (invisible.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The longest beginning of a text that fits into the columns. */
export function cutToWidth(text: string, columns: number): string {
  if (ascii.test(text)) return text.slice(0, Math.max(columns, 0));
  let width = 0;
  let cut = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    cut += character;
  }
  return cut;
}

/** A text of at most so many columns; what is cut is marked by an ellipsis, as in `docker ps`. */
export function ellipsis(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (columns <= 1) return cutToWidth(text, Math.max(columns, 0));
  return `${cutToWidth(text, columns - 1)}…`;
}

/** The twelve digits by which people call an image or a container; an algorithm in front is dropped. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
