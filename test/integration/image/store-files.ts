import fs from 'node:fs';
import path from 'node:path';

/** Everything that a Dhow daemon keeps of images: each file below its content and layer stores with its size. */
export function storeFiles(dataRoot: string): string[] {
  return ['content', 'layers'].flatMap((store) =>
    fs
      .readdirSync(path.join(dataRoot, store), { recursive: true, withFileTypes: true })
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return `${path.relative(dataRoot, file)} ${entry.isFile() ? fs.lstatSync(file).size : ''}`;
      })
      .sort(),
  );
}
