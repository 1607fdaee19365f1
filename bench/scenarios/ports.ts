import { interleave, timeCommand, warmUp } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

const published = 1000;

/** What one more port costs when many are published. */
export const portsScenario: Scenario = {
  name: 'ports',
  async measure({ dhow, dockerd, podman }, { rounds = 15 }) {
    // Of their own range each: all listen on the same host.
    const contestants = [dhow, dockerd, podman].map(({ cli }, index) => ({
      cli,
      first: 20_000 + index * 2000,
    }));
    const runWithPort = ({ cli, first }: (typeof contestants)[number]) =>
      timeCommand(cli.invoke('run', '--rm', '--publish', `${first + published}:80`, 'busybox', 'true'));
    await warmUp(1, contestants, runWithPort);
    const before = await interleave(rounds, contestants, runWithPort);
    const filling = new Map<(typeof contestants)[number], number[]>();
    for (const contestant of contestants) {
      const { cli, first } = contestant;
      const range = `${first}-${first + published - 1}`;
      const args = ['run', '--detach', '--name', 'crowd', '--publish', `${range}:${range}`, 'busybox'];
      filling.set(contestant, [await timeCommand(cli.invoke(...args, 'sleep', '1000000'))]);
    }
    const after = await interleave(rounds, contestants, runWithPort);
    for (const { cli } of contestants) await timeCommand(cli.invoke('rm', '--force', 'crowd'));

    const nameOf = ({ cli }: (typeof contestants)[number]): string => cli.name;
    const perContestant = contestants.map((contestant) => ({
      title: `run --rm --publish of one port, ${nameOf(contestant)}`,
      unit: 'ms' as const,
      rows: [
        { name: 'nothing else published', samples: before.get(contestant) ?? [] },
        { name: `${published} ports published`, samples: after.get(contestant) ?? [] },
      ],
      references: ['nothing else published'],
    }));
    const crowd = {
      title: `run --detach --publish of ${published} ports in one container`,
      unit: 'ms' as const,
      rows: rowsOf(new Map([...filling].map(([{ cli }, samples]) => [cli, samples]))),
      references: [dockerd.cli.name, podman.cli.name],
    };
    return [...perContestant, crowd];
  },
};
