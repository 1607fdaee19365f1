/** Commands as a page shows them, and what they print. */
export interface Block {
  /** Line of the page on which the commands begin, from 1. */
  readonly line: number;
  readonly commands: string;
  /** Undefined where the page shows no output. `…` stands for anything: within a line, or, alone on one, for any number of lines. */
  readonly output: string | undefined;
}

/** The blocks framed as `sh` of a Markdown page; a block framed as `text` after one is its output. */
export function readBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  for (const match of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    const [, language, text = ''] = match;
    const line = page.slice(0, match.index).split('\n').length + 1;
    const last = blocks.at(-1);
    if (language === 'sh') blocks.push({ line, commands: text, output: undefined });
    else if (last?.output === undefined && last !== undefined)
      blocks[blocks.length - 1] = { ...last, output: text };
    else throw new Error(`line ${line}: output of no commands`);
  }
  return blocks;
}

/** What matches an output and nothing else. */
export function outputPattern(output: string): RegExp {
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (line === '…') return '(?:.*\\n)*?';
      return `${line
        .split('…')
        .map((part) => RegExp.escape(part))
        .join('.*')}\\n`;
    });
  return new RegExp(`^${lines.join('')}$`);
}
