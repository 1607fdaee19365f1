import { defineCommand } from '#cli/command.ts';
import { canonicalReference, removeList, requireList } from '#cli/commands/manifest/store.ts';
import { forEach } from '#cli/output/failures.ts';

export const command = defineCommand({
  usage: ['MANIFEST_LIST [MANIFEST_LIST...]'],
  operands: { min: 1 },
  options: {},
  run: (context, { operands }) =>
    forEach(context, operands, async (operand) => {
      const { name } = await requireList(context, canonicalReference(operand));
      await removeList(context, name);
    }),
});
