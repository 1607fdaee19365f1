import { runCommand } from './command.ts';

const programs = { iptables: 'ip', ip6tables: 'ip6' } as const;

/**
 * Remembers the rules of iptables, which other engines change. The result puts them back, and removes the tables when there were none.
 */
export async function savePacketFilter(): Promise<() => Promise<void>> {
  const saved = new Map<keyof typeof programs, string>();
  for (const program of ['iptables', 'ip6tables'] as const) {
    const { stdout } = await runCommand(`${program}-save`, []);
    if (stdout.includes('*')) saved.set(program, stdout);
  }
  return async () => {
    for (const program of ['iptables', 'ip6tables'] as const)
      await restoreTables(program, saved.get(program));
  };
}

async function restoreTables(program: keyof typeof programs, saved: string | undefined): Promise<void> {
  if (saved !== undefined) {
    await runCommand(`${program}-restore`, [], { input: saved });
    return;
  }
  for (const table of ['filter', 'nat', 'mangle', 'raw']) {
    await runCommand('nft', ['delete', 'table', programs[program], table]);
  }
}
