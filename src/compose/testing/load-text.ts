import { loadProject } from '#compose/load.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

/** The project `shop` of one file `/p/compose.yaml`. */
export function loadText(content: string, variables: Readonly<Record<string, string>> = {}): Project {
  return loadProject(
    {
      files: ['/p/compose.yaml'],
      directory: '/p',
      name: 'shop',
      variables: new Map(Object.entries(variables)),
      profiles: [],
    },
    {
      read(path) {
        if (path === '/p/compose.yaml') return content;
        throw new DhowError('NotFound', `no such file: ${path}`);
      },
      home: undefined,
      fetch: (address) => address,
      onUnset() {},
    },
  );
}
