import type { CgroupUsage } from '#sys/cgroup-usage.ts';

/** Looking into containers that run: their processes and what these use. Takes no lock. */
export interface ContainerMonitor {
  /**
   * The container's processes as the host's ps shows them.
   * @param psOptions words for ps(1); `-ef` if empty
   * @throws NotFound; Conflict when it does not run; InvalidParameter when ps refuses the options or they hide the PID column
   */
  top(nameOrId: string, psOptions: string): Promise<{ titles: string[]; processes: string[][] }>;
  /**
   * One sample each second until the container stops, or a single one. `previous` is the sample before, which for a single
   * one costs a second, unless `oneShot`. A container that does not run has samples without usage.
   * @throws NotFound
   */
  stats(
    nameOrId: string,
    options: { stream: boolean; oneShot: boolean },
    signal: AbortSignal,
  ): AsyncIterable<StatsSample>;
}

export interface StatsSample {
  id: string;
  name: string;
  cgroupVersion: 1 | 2;
  /** undefined: it did not run. */
  usage: Usage | undefined;
  previous: Usage | undefined;
}

export interface Usage extends CgroupUsage {
  readAt: Date;
  /** CPU time of the whole host in nanoseconds, to compare with. */
  hostCpuNanoseconds: number;
  onlineCpus: number;
  hostMemoryBytes: number;
  /** By interface name; empty for a container that shares the host's network. */
  networks: Record<string, InterfaceUsage>;
}

export interface InterfaceUsage {
  receivedBytes: number;
  receivedPackets: number;
  receiveErrors: number;
  receiveDropped: number;
  sentBytes: number;
  sentPackets: number;
  sendErrors: number;
  sendDropped: number;
}
