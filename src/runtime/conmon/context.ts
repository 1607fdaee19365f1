import type { Stats } from 'node:fs';
import type { Log } from '#log/log.ts';
import type { RunDirectories } from '#runtime/conmon/directories.ts';
import type { ExitBoard } from '#runtime/conmon/exits.ts';
import type { Makers } from '#runtime/conmon/maker.ts';
import type { MonitorGroup } from '#runtime/conmon/monitor-group.ts';
import type { SeccompCache } from '#runtime/conmon/seccomp-cache.ts';
import type { CgroupHierarchies } from '#sys/cgroup.ts';
import type { CgroupMoves } from '#sys/cgroup-moves.ts';
import type { Poller } from '#sys/epoll.ts';

/** What every part of the conmon driver works with. */
export interface RuntimeContext {
  readonly makers: Makers;
  readonly conmonPath: string;
  readonly log: Log;
  readonly directories: RunDirectories;
  readonly poller: Poller;
  readonly cgroups: CgroupHierarchies;
  readonly cgroupMoves: CgroupMoves;
  readonly monitorGroup: MonitorGroup;
  readonly exits: ExitBoard;
  /** The host's /dev/null as it was when the daemon started. */
  readonly nullDevice: Pick<Stats, 'uid' | 'gid' | 'mode'>;
  /** Of crun, where it is the daemon's own runtime: others do not take compiled filters. */
  readonly seccompCache: SeccompCache | undefined;
  /** See `RuntimeParts`. */
  readonly ensureProfile: (name: string) => Promise<void>;
  /** Monitors that run, by container or exec: resolved when the monitor has gone and the exit has been told. */
  readonly monitors: Map<string, Promise<void>>;
}
