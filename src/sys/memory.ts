import v8 from 'node:v8';
import vm from 'node:vm';
import { callInBackground, libc } from '#sys/libc.ts';

const mallocTrim = libc.func('int malloc_trim(size_t pad)');

/** A short rest tells the end of the work from a gap in it. */
const restMs = 2_000;
let timer: NodeJS.Timeout | undefined;

/**
 * Gives the memory of what has just ended back to the kernel, as soon as this has not been asked for again for a while. V8 collects its garbage
 * when it needs room, which an idle daemon never does: after a build that is several times what the daemon lives on. The C library keeps
 * what threads freed for later (malloc_trim(3)). Both take some milliseconds.
 */
export function returnFreeMemory(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // As for the last resort before running out of memory: it gives back the room for new objects as well.
    const collected = findCollector()({ type: 'major', execution: 'async', flavor: 'last-resort' });
    void collected.then(() => mallocTrim(0));
  }, restMs).unref();
}

/** Seldom enough to cost nothing beside the work. */
const trimEveryMs = 10_000;
let trimming: NodeJS.Timeout | undefined;

/**
 * Gives back what the C library keeps of freed memory, once in a while as long as this is called, for a daemon that is never at rest: what
 * threads and requests leave scattered over its arenas grew by some 100 MB in 100,000 requests otherwise. V8's own garbage needs no help under
 * work; `--max-semi-space-size` in bin/dhow bounds its young generation.
 */
export function trimFreeMemory(): void {
  if (trimming !== undefined) return;
  trimming = setTimeout(() => {
    trimming = undefined;
    void callInBackground(mallocTrim, 0);
  }, trimEveryMs).unref();
}

type Collector = (options: { type: 'major'; execution: 'async'; flavor: 'last-resort' }) => Promise<void>;

let collector: Collector | undefined;

/** V8's own function (v8/src/extensions/gc-extension.cc), which a context has when it is made while the flag is set. */
function findCollector(): Collector {
  if (collector === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collector = vm.runInNewContext('gc') as Collector;
    v8.setFlagsFromString('--no-expose-gc');
  }
  return collector;
}
