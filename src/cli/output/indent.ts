/**
 * JSON with each member on a line of its own, four spaces a level, as Docker prints it. The text between is kept as the daemon
 * sent it: a number keeps all its digits, an escape stays an escape.
 */
export function indentJson(json: string): string {
  let output = '';
  let depth = 0;
  const newLine = () => `\n${'    '.repeat(depth)}`;
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  for (const [i, token] of tokens.entries()) {
    const previous = tokens[i - 1];
    const isAfterOpening = previous === '{' || previous === '[';
    if (token === '}' || token === ']') {
      depth--;
      output += isAfterOpening ? token : newLine() + token;
      continue;
    }
    if (isAfterOpening) {
      depth++;
      output += newLine();
    }
    if (token === ',') output += `,${newLine()}`;
    else if (token === ':') output += ': ';
    else output += token;
    // An empty object or array closes at once; its depth was never entered.
    if ((token === '{' || token === '[') && isClosing(tokens[i + 1])) depth++;
  }
  return output;
}

function isClosing(token: string | undefined): boolean {
  return token === '}' || token === ']';
}
