import type { LogWriter } from '#cli/commands/compose/log-printer.ts';
import type { LogLine } from '#cli/commands/compose/read-lines.ts';

interface Source {
  readonly writer: LogWriter;
  /** Each with its time in front. */
  readonly lines: AsyncGenerator<LogLine>;
}

/** Prints lines of several logs, each of which is in order, in the order of time; no more than one of each is held. */
export async function mergeByTime(sources: readonly Source[], timestamps: boolean): Promise<void> {
  const heads: { source: Source; line: LogLine }[] = [];
  const advance = async (source: Source) => {
    const next = await source.lines.next();
    if (!next.done) heads.push({ source, line: next.value });
  };
  await Promise.all(sources.map(advance));
  for (let first = earliest(heads); first !== undefined; first = earliest(heads)) {
    heads.splice(heads.indexOf(first), 1);
    const { stream, text } = first.line;
    await first.source.writer.line(stream, timestamps ? text : text.slice(text.indexOf(' ') + 1));
    await advance(first.source);
  }
}

/** Times are written with the same number of digits, so that their texts are in their order. */
function earliest<Head extends { line: LogLine }>(heads: readonly Head[]): Head | undefined {
  const time = ({ line }: Head) => line.text.split(' ', 1)[0] ?? '';
  const [first, ...others] = heads;
  return others.reduce(
    (least, head) => (least !== undefined && time(head) < time(least) ? head : least),
    first,
  );
}
