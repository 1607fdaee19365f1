import fs from 'node:fs';
import type { NetworkTable } from '#network/tables/networks.ts';
import { readSysctl, writeSysctl } from '#sys/sysctl.ts';

const stateKey = 'ip_forward_switched_on_in_boot';

/**
 * Switches IPv4 forwarding on. A machine that did not forward before must not become a router between its other
 * interfaces: for the rest of this boot the firewall drops what it would newly forward, also after the daemon was
 * restarted, hence the note in the database.
 * @returns whether it was Dhow that switched forwarding on during this boot
 */
export function ensureForwarding(table: NetworkTable): { ours: boolean; changed: boolean } {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  if (readSysctl('net/ipv4/ip_forward') === '1')
    return { ours: table.getState(stateKey) === boot, changed: false };
  // The note first: a crash in between must not forget whose doing it was.
  table.setState(stateKey, boot);
  writeSysctl('net/ipv4/ip_forward', '1');
  return { ours: true, changed: true };
}
