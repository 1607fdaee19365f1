import { contestantNames } from '../contestants.ts';
import { interleave, timeCommand } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

const atOnce = 64;

/** Many short containers started at the same moment: until the last one has ended. */
export const runManyScenario: Scenario = {
  name: 'run-many',
  async measure({ dhow, dockerd, podman }, { rounds = 3 }) {
    const samples = await interleave(
      rounds,
      [dhow.cli, dockerd.cli, dhow.dhow, podman.cli],
      async (contestant) => {
        const started = performance.now();
        const runs = Array.from({ length: atOnce }, () =>
          timeCommand(contestant.invoke('run', '--rm', 'busybox', 'true')),
        );
        await Promise.all(runs);
        return performance.now() - started;
      },
    );
    return [
      {
        title: `run --rm busybox true, ${atOnce} at once, until all have ended`,
        unit: 'ms',
        rows: rowsOf(samples),
        references: [contestantNames.dockerOnDockerd, contestantNames.podman],
      },
    ];
  },
};
