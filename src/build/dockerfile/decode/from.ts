import { commonOf, type DecodeContext, flagsOf, refuse, wordOf } from '#build/dockerfile/decode/context.ts';
import type { FromInstruction } from '#build/dockerfile/instructions.ts';
import { splitAtBlanks } from '#build/dockerfile/split-words.ts';
import { suggest } from '#build/dockerfile/suggest.ts';

const stageName = /^[A-Za-z][A-Za-z0-9._-]*$/;

export function decodeFrom(context: DecodeContext): FromInstruction {
  const platform = flagsOf(context, { platform: 'text' }).word('platform');
  const words = splitAtBlanks(context.node.argument.text).map((piece) => wordOf(context, piece));
  const [image, as, name] = words;
  if (image === undefined) throw refuse(context, 'FROM needs an image: FROM image[:tag] [AS name]');
  const base = { ...commonOf(context), type: 'FROM' as const, image, ...(platform ? { platform } : {}) };
  if (as === undefined) return base;
  if (as.text.toLowerCase() !== 'as') {
    const hint = suggest(as.text, ['AS']) === undefined ? '' : '; did you mean AS?';
    throw refuse(
      context,
      `after the image only AS and a name may stand, not "${as.text.slice(0, 64)}"${hint}`,
      as.range,
    );
  }
  if (name === undefined) throw refuse(context, 'AS needs the name of the stage', as.range);
  const surplus = words[3];
  if (surplus !== undefined) throw refuse(context, 'nothing may follow the name of the stage', surplus.range);
  if (!stageName.test(name.text)) {
    throw refuse(
      context,
      `"${name.text.slice(0, 64)}" is no name for a stage: it must begin with a letter and have letters, digits, ".", "_" and "-" only`,
      name.range,
    );
  }
  return { ...base, stage: { name, as } };
}
