import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { hasCode } from '#sys/libc.ts';

/**
 * Running nft scripts, by the program and not by libnftables: the library aborts the whole process when it gets a
 * file descriptor above 1,023 (it uses select(2)), and ends it on some errors of memory and netlink. A script costs
 * about 5 ms; what happens with every container goes through netlink-netfilter.ts instead.
 */
export interface Nftables {
  /**
   * Runs a script as one transaction and returns what its commands print.
   * @throws NftablesError in nft's own words, also when nft is not installed
   */
  run(script: string): Promise<string>;
}

export class NftablesError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NftablesError';
  }
}

/** @param programs names or paths, tried in order; the shells of ordinary users do not find /usr/sbin */
export function createNftables(
  programs: readonly string[] = ['nft', '/usr/sbin/nft', '/sbin/nft'],
): Nftables {
  return {
    async run(script) {
      for (const program of programs) {
        try {
          return await runProgram(program, script);
        } catch (error) {
          if (!hasCode(error, 'ENOENT')) throw error;
        }
      }
      throw new NftablesError(`nftables is not installed: no program ${programs.join(' or ')} found`);
    },
  };
}

async function runProgram(program: string, script: string): Promise<string> {
  // --stateless: no counters; --handle: numbers by which rules can be deleted.
  const child = spawn(program, ['--stateless', '--handle', '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A program that ends early makes the write fail with EPIPE; its words on stderr tell more.
  child.stdin.on('error', () => {});
  child.stdin.end(script);
  const [status, output, complaint] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  if (status !== 0) throw new NftablesError(`nftables refused a script: ${complaint.trim().slice(0, 2000)}`);
  return output;
}
