import type { SourceText } from '#build/dockerfile/source.ts';
import { DhowError } from '#errors/error.ts';

/** Generated Dockerfiles have some hundred kilobytes; heredocs may bring more. */
const maxDockerfileBytes = 4 * 1024 * 1024;

/**
 * @returns the text by line; a byte order mark is dropped, and a carriage return at the end of a line is kept, because in a
 *   heredoc it is content
 * @throws InvalidParameter when the bytes are too many or no UTF-8 text
 */
export function decodeText(name: string, bytes: Uint8Array): SourceText {
  if (bytes.length > maxDockerfileBytes) {
    throw new DhowError(
      'InvalidParameter',
      `${name} has ${bytes.length} bytes; the most for a Dockerfile is ${maxDockerfileBytes}`,
    );
  }
  if (bytes.includes(0)) {
    throw new DhowError('InvalidParameter', `${name} has NUL bytes: save it as UTF-8 (it may be UTF-16)`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `${name} is not UTF-8 text: save it as UTF-8`, { cause });
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return { name, lines };
}
