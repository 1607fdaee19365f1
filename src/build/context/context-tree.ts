import { newDirectory } from '#build/copy/new-directory.ts';
import type { EntryHeader, SourceEntry, SourceNode, SourceTree } from '#build/copy/source-tree.ts';
import { DhowError } from '#errors/error.ts';

/** A file of the context and where its content lies. */
export interface ContextFile {
  header: EntryHeader;
  /** Position in the spool. */
  offset: number;
  sha256: string;
}

interface TreeNode {
  header: EntryHeader;
  file?: ContextFile;
  children?: Map<string, TreeNode>;
}

const maxLinks = 40;
/** Files and directories, those that only names of others imply included: a few bytes of an archive can stand for thousands. */
const maxNodes = 1_000_000;

/** For all directories that an archive leaves out, the same whenever it is received. */
const impliedDirectory: EntryHeader = {
  ...newDirectory('', { uid: 0, gid: 0 }).header,
  modifiedAt: { seconds: 0, nanoseconds: 0 },
};

/**
 * The names of a build context, in memory: looking a path up costs nothing, and no link can lead out, because there is
 * nothing outside.
 */
export class ContextTree implements SourceTree {
  #root: TreeNode = { header: impliedDirectory, children: new Map() };
  readonly #readContent: (file: ContextFile) => AsyncIterable<Uint8Array>;
  readonly #maxNodes: number;
  #nodes = 0;

  constructor(readContent: (file: ContextFile) => AsyncIterable<Uint8Array>, most = maxNodes) {
    this.#readContent = readContent;
    this.#maxNodes = most;
  }

  /**
   * Puts an entry in, replacing what has its name; only a directory over a directory keeps what is in it.
   * @throws InvalidParameter when there are too many
   */
  add(parts: readonly string[], header: EntryHeader, file?: ContextFile): void {
    if (parts.length === 0) {
      if (header.type === 'directory') this.#root.header = header;
      return;
    }
    const { children, name } = this.#parentOf(parts);
    const present = children.get(name);
    this.#count();
    if (header.type === 'directory') {
      children.set(name, { header, children: present?.children ?? new Map() });
    } else {
      children.set(name, file === undefined ? { header } : { header, file });
    }
  }

  /** A second name for a file. @throws InvalidParameter when the first is not there */
  link(parts: readonly string[], target: readonly string[]): void {
    const node = this.#lookUp(target);
    const name = parts.at(-1);
    if (node === undefined || node.children !== undefined || name === undefined) {
      throw new DhowError(
        'InvalidParameter',
        `the build context is malformed: "${parts.join('/')}" is a hard link to "${target.join('/')}", which is no file in it`,
      );
    }
    this.#parentOf(parts).children.set(name, node);
    this.#count();
  }

  /** A directory as a tree of its own. */
  below(path: string): ContextTree | undefined {
    const node = this.#lookUp(path.split('/'));
    if (node?.children === undefined) return undefined;
    const tree = new ContextTree(this.#readContent);
    tree.#root = node;
    return tree;
  }

  remove(path: string): void {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    this.#lookUp(parts.filter(Boolean))?.children?.delete(name);
  }

  async find(path: string): Promise<SourceNode | undefined> {
    const found = this.#resolve(path);
    return found && { path: found.path.join('/'), isDirectory: found.node.children !== undefined };
  }

  /** At the top. */
  names(): string[] {
    return [...(this.#root.children?.keys() ?? [])];
  }

  async list(path: string): Promise<string[]> {
    const node = this.#lookUp(path === '' ? [] : path.split('/'));
    return [...(node?.children?.keys() ?? [])].sort();
  }

  async *entries(path: string, signal: AbortSignal): AsyncGenerator<SourceEntry, void> {
    const top = this.#lookUp(path === '' ? [] : path.split('/'));
    if (top !== undefined) yield* this.#walk(top, signal);
  }

  /** Content of a small file, such as the Dockerfile. @returns undefined when it is not there or no file */
  async read(path: string, maxBytes: number): Promise<Buffer | undefined> {
    const file = this.#resolve(path)?.node.file;
    if (file === undefined) return undefined;
    if (file.header.sizeBytes > maxBytes) {
      throw new DhowError(
        'InvalidParameter',
        `${path} has ${file.header.sizeBytes} bytes; the most is ${maxBytes}`,
      );
    }
    return Buffer.concat(await Array.fromAsync(this.#readContent(file)));
  }

  /** With a list and not by recursion: each entry would pass through as many generators as it lies deep. */
  *#walk(top: TreeNode, signal: AbortSignal): Generator<SourceEntry, void> {
    const pending = [{ node: top, name: '' }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      signal.throwIfAborted();
      const { name, node } = next;
      const { header, file, children } = node;
      yield {
        name,
        header,
        body: () => (file === undefined ? nothing() : this.#readContent(file)),
        ...(file === undefined ? {} : { contentSha256: file.sha256 }),
      };
      // The first one is taken first.
      for (const [child, inner] of [...(children ?? [])].sort(byName).reverse()) {
        pending.push({ node: inner, name: name === '' ? child : `${name}/${child}` });
      }
    }
  }

  #count(): void {
    if (++this.#nodes <= this.#maxNodes) return;
    throw new DhowError(
      'InvalidParameter',
      `the build context has more than ${this.#maxNodes} files and directories`,
    );
  }

  #lookUp(parts: readonly string[]): TreeNode | undefined {
    let node: TreeNode | undefined = this.#root;
    for (const part of parts) node = node?.children?.get(part);
    return node;
  }

  #parentOf(parts: readonly string[]): { children: Map<string, TreeNode>; name: string } {
    let children = this.#root.children as Map<string, TreeNode>;
    for (const part of parts.slice(0, -1)) {
      let next = children.get(part);
      // Archives may leave directories out.
      if (next?.children === undefined) {
        next = { header: impliedDirectory, children: new Map() };
        children.set(part, next);
        this.#count();
      }
      children = next.children as Map<string, TreeNode>;
    }
    return { children, name: parts.at(-1) as string };
  }

  #resolve(path: string): { node: TreeNode; path: string[] } | undefined {
    const pending = path.split('/').reverse();
    /** The nodes on the way, without symlinks. */
    const way: { name: string; node: TreeNode }[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        way.pop();
        continue;
      }
      const node = (way.at(-1)?.node ?? this.#root).children?.get(part);
      if (node === undefined) return undefined;
      if (node.header.type !== 'symlink') {
        way.push({ name: part, node });
        continue;
      }
      if (++links > maxLinks) return undefined;
      const target = node.header.linkNameBytes.toString('latin1');
      // An absolute link begins at the root of the context.
      if (target.startsWith('/')) way.length = 0;
      pending.push(...target.split('/').reverse());
    }
    return { node: way.at(-1)?.node ?? this.#root, path: way.map(({ name }) => name) };
  }
}

function byName([a]: [string, TreeNode], [b]: [string, TreeNode]): number {
  return a < b ? -1 : 1;
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
