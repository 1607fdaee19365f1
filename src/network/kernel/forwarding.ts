import fs from 'node:fs';
import type { NetworkTable } from '#network/tables/networks.ts';
import { ensureSysctl, readSysctl, writeSysctl } from '#sys/sysctl.ts';

const stateKeys = { 4: 'ip_forward_switched_on_in_boot', 6: 'ipv6_forward_switched_on_in_boot' } as const;
const parameters = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const;

/**
 * Switches forwarding of a family on. A machine that did not forward before must not become a router between its other
 * interfaces: for the rest of this boot the firewall drops what it would newly forward, also after the daemon was
 * restarted, hence the note in the database.
 * @returns whether it was Dhow that switched forwarding on during this boot
 */
export function ensureForwarding(table: NetworkTable, family: 4 | 6): { ours: boolean; changed: boolean } {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  if (readSysctl(parameters[family]) === '1') {
    return { ours: table.getState(stateKeys[family]) === boot, changed: false };
  }
  // The note first: a crash in between must not forget whose doing it was.
  table.setState(stateKeys[family], boot);
  if (family === 6) keepAcceptingRouters();
  writeSysctl(parameters[family], '1');
  return { ours: true, changed: true };
}

/**
 * A router does not listen to other routers: an interface that got its address and default route by advertisements would
 * lose them. With 2 it listens although the machine forwards.
 */
function keepAcceptingRouters(): void {
  for (const name of fs.readdirSync('/proc/sys/net/ipv6/conf')) {
    if (name === 'all' || readSysctl(`net/ipv6/conf/${name}/accept_ra`) !== '1') continue;
    ensureSysctl(`net/ipv6/conf/${name}/accept_ra`, '2');
  }
}
