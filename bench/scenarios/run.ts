import { type Contestant, contestantNames } from '../contestants.ts';
import { interleave, timeCommand, warmUp } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

/** One short container after the other. */
export const runScenario: Scenario = {
  name: 'run',
  async measure({ dhow, dockerd, podman }, { rounds = 30 }) {
    const contestants = [dhow.cli, dockerd.cli, dhow.dhow, podman.cli];
    const run = (contestant: Contestant) => timeCommand(contestant.invoke('run', '--rm', 'busybox', 'true'));
    await warmUp(3, contestants, run);
    const samples = await interleave(rounds, contestants, run);
    return [
      {
        title: 'run --rm busybox true, one after the other',
        unit: 'ms',
        rows: rowsOf(samples),
        references: [contestantNames.dockerOnDockerd, contestantNames.podman],
      },
    ];
  },
};
