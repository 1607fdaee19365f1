/** `Content-Range: bytes first-last/total` of a 206 response, RFC 9110 section 14.4. */
export interface ContentRange {
  first: number;
  last: number;
  /** Undefined for `*`. */
  total: number | undefined;
}

/** @returns undefined for anything that is no satisfied byte range */
export function parseContentRange(header: string): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(?:(\d{1,16})|\*)$/i.exec(header.trim());
  if (!match) return undefined;
  const [first, last, total] = [Number(match[1]), Number(match[2]), match[3] && Number(match[3])];
  const isSafe = [first, last, total || 0].every(Number.isSafeInteger);
  if (!isSafe || last < first || (typeof total === 'number' && last >= total)) return undefined;
  return { first, last, total: typeof total === 'number' ? total : undefined };
}
