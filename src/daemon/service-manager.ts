import fs from 'node:fs';
import { messageOf } from '#errors/error.ts';
import { connectDatagram, sendPacket } from '#sys/seqpacket.ts';

/** The service manager that started the daemon, if one did (sd_notify(3)). Each call tells it how the daemon is. */
export interface ServiceManager {
  status(text: string): void;
  ready(text: string): void;
  reloading(): void;
  stopping(): void;
}

export interface ServiceManagerOptions {
  /** The variables that name the manager are taken away: the daemon's children have nothing to tell it. */
  environment: NodeJS.ProcessEnv;
  pid: number;
  onFailure: (message: string) => void;
}

export function createServiceManager({ environment, pid, onFailure }: ServiceManagerOptions): ServiceManager {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];

  function tell(state: Record<string, string | number>): void {
    if (!NOTIFY_SOCKET) return;
    const lines = Object.entries(state).map(([name, value]) => `${name}=${value}\n`);
    try {
      const fd = connectDatagram(NOTIFY_SOCKET);
      try {
        sendPacket(fd, Buffer.from(lines.join('')));
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      onFailure(messageOf(error));
    }
  }

  const periodMs = Number(WATCHDOG_USEC) / 1000;
  if (periodMs > 0 && (WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid))) {
    setInterval(() => tell({ WATCHDOG: 1 }), periodMs / 3).unref();
  }
  return {
    status: (text) => tell({ STATUS: text }),
    ready: (text) => tell({ READY: 1, STATUS: text }),
    // The time lets the manager tell the end of this reload from that of an earlier one.
    reloading: () => tell({ RELOADING: 1, MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) }),
    stopping: () => tell({ STOPPING: 1, STATUS: 'Stopping' }),
  };
}
