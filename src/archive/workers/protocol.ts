import type { PackOptions } from '#archive/pack/tree-packer.ts';
import type { AssembleSource } from '#archive/record/assemble.ts';
import type { SealOptions } from '#archive/record/seal-tree.ts';
import type { Unpacked, UnpackOptions } from '#archive/unpack/unpack-stream.ts';
import type { TreeChange } from '#archive/view/changes.ts';
import type { ViewMounts } from '#archive/view/enter.ts';
import type { PathStatus } from '#archive/view/path-status.ts';
import type { ErrorKind } from '#errors/kinds.ts';

/**
 * From the daemon's thread to a worker. One job at a time, numbered; `chunk`, `end` and `abort` belong to an `unpack`
 * job, `pull` and `abort` to a `pack` or `assemble` job, and mean nothing when it is over. Each `pull` is answered by one `piece`, or by
 * `packed` at the end.
 */
export type WorkerRequest =
  | { type: 'unpack'; job: number; directory: string; options: UnpackOptions }
  | { type: 'chunk'; job: number; buffer: ArrayBuffer; length: number }
  | { type: 'end'; job: number }
  | { type: 'abort'; job: number }
  | { type: 'pack'; job: number; directory: string; options: PackOptions }
  | { type: 'pull'; job: number }
  | { type: 'assemble'; job: number; source: AssembleSource; sha256: string }
  /** For good: a thread that entered a view does nothing else until it ends. */
  | { type: 'enter'; job: number; mounts: ViewMounts }
  | { type: 'stat'; job: number; root: string; path: string }
  | {
      type: 'compare';
      job: number;
      upper: string;
      lowers: readonly string[];
      mountPoints: ReadonlySet<string>;
    }
  | { type: 'seal'; job: number; directory: string; options: SealOptions }
  | { type: 'difference'; job: number; first: string; second: string }
  | { type: 'remove-tree'; job: number; path: string; share: number };

/** From a worker. `buffer` gives a chunk's memory back, which is also the permission to send another one. */
export type WorkerReply =
  | { type: 'buffer'; job: number; buffer: ArrayBuffer; length: number }
  | { type: 'unpacked'; job: number; result: Unpacked }
  | { type: 'piece'; job: number; buffer: ArrayBuffer; length: number }
  | { type: 'packed'; job: number }
  | { type: 'entered'; job: number }
  | { type: 'status'; job: number; status: PathStatus }
  | { type: 'compared'; job: number; changes: TreeChange[] }
  | { type: 'difference'; job: number; difference: string | undefined }
  | { type: 'removed'; job: number }
  | { type: 'failed'; job: number; kind: ErrorKind; message: string };
