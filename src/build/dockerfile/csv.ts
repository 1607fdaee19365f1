/**
 * One line of comma-separated values (RFC 4180), as the value of `--mount` and other options is written: a field in double
 * quotes may contain commas, and a doubled quote stands for one.
 * @returns undefined when a quote is not closed or stands inside of a bare field
 */
export function parseCsvLine(line: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (line[at] === '"') {
      const match = /"((?:[^"]|"")*)"(?=,|$)/y;
      match.lastIndex = at;
      const found = match.exec(line);
      if (found === null) return undefined;
      fields.push((found[1] ?? '').replaceAll('""', '"'));
      at = match.lastIndex;
    } else {
      const comma = line.indexOf(',', at);
      const field = line.slice(at, comma === -1 ? undefined : comma);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at += field.length;
    }
    if (at >= line.length) return fields;
    at++;
  }
}
