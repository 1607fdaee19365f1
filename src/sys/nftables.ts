import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import koffi, { type LibraryHandle } from 'koffi';

/**
 * Running nft scripts: through libnftables in this process when it is installed, else through `nft -f -`.
 * Both apply a script as one transaction.
 */
const NFT_CTX_DEFAULT = 0;

/** A script that nftables refused; the message holds nft's own words. */
export class NftablesError extends Error {
  constructor(output: string) {
    super(`nftables refused a script: ${output.trim().slice(0, 2000)}`);
    this.name = 'NftablesError';
  }
}

export interface Nftables {
  /** Runs a script as one transaction. @throws NftablesError; Node's spawn error when nft is not installed */
  run(script: string): Promise<void>;
}

/**
 * The library is opened at the first use (about 2 MiB). A context is made for each script: it opens its netlink
 * socket in the namespace of the moment and caches nothing that could be stale later.
 */
export function createNftables(library = 'libnftables.so.1'): Nftables {
  let runner: ((script: string) => Promise<void>) | undefined;
  return {
    async run(script) {
      runner ??= openLibrary(library) ?? runProgram;
      await runner(script);
    },
  };
}

function openLibrary(name: string): ((script: string) => Promise<void>) | undefined {
  let library: LibraryHandle;
  try {
    library = koffi.load(name);
  } catch {
    return undefined;
  }
  const newContext = library.func('void *nft_ctx_new(uint32_t flags)');
  const freeContext = library.func('void nft_ctx_free(void *context)');
  const bufferOutput = library.func('int nft_ctx_buffer_output(void *context)');
  const bufferError = library.func('int nft_ctx_buffer_error(void *context)');
  const errorBuffer = library.func('const char *nft_ctx_get_error_buffer(void *context)');
  const runCommand = library.func('int nft_run_cmd_from_buffer(void *context, const char *script)');
  return async (script) => {
    const context: unknown = newContext(NFT_CTX_DEFAULT);
    try {
      // Both streams into buffers: the library would write to the daemon's own stdout and stderr.
      bufferOutput(context);
      bufferError(context);
      if (runCommand(context, script) !== 0) throw new NftablesError(String(errorBuffer(context)));
    } finally {
      freeContext(context);
    }
  };
}

async function runProgram(script: string): Promise<void> {
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that ends early makes the write fail with EPIPE; its words on stderr tell more.
  child.stdin.on('error', () => {});
  child.stdin.end(script);
  const [status, output] = await Promise.all([exited, text(child.stderr)]);
  if (status !== 0) throw new NftablesError(output);
}
