import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { defineCommand } from '#cli/command.ts';
import { packContext } from '#cli/contexts/archive.ts';
import { getContext, readTlsFiles } from '#cli/contexts/store.ts';
import { writeOutputFile } from '#cli/output/output-file.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['CONTEXT [FILE|-]'],
  operands: { min: 1, max: 2 },
  options: {},
  async run(context, { operands: [name = '', given] }) {
    const { configDirectory, workingDirectory, stdout, stderr } = context;
    const record = getContext(configDirectory, name);
    const archive = Buffer.concat([...packContext({ record, tls: readTlsFiles(configDirectory, name) })]);
    if (given === '-') {
      if (stdout.isTTY) {
        throw new DhowError(
          'InvalidParameter',
          'cowardly refusing to export to a terminal, specify a file path',
        );
      }
      stdout.write(archive);
      return 0;
    }
    const file = given ?? `${name}.dockercontext`;
    if (existsSync(resolve(workingDirectory, file))) {
      throw new DhowError('Conflict', `open ${file}: file exists`);
    }
    await writeOutputFile(file, workingDirectory, Readable.from([archive]), 0o600);
    stderr.write(`Written file "${file}"\n`);
    return 0;
  },
});
