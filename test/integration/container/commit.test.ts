import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('commit', ({ cli, unique }) => {
  test('an image of a container has its files and its settings', async () => {
    const name = unique('commit');
    const image = unique('image');
    const script = 'echo new >/added; rm /bin/ls; echo kept >/data/file';
    await cli.out(
      ...[
        'run',
        '--name',
        name,
        '--env',
        'COLOUR=blue',
        '--workdir',
        '/work',
        '--volume',
        `${unique('volume')}:/data`,
      ],
      ...['busybox', 'sh', '-c', script],
    );
    const id = await cli.out(
      ...[
        'commit',
        '--author',
        'A. Sailor',
        '--message',
        'a trip',
        '--change',
        'CMD ["cat", "/added"]',
        name,
        image,
      ],
    );
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    const soon = String(Math.floor(Date.now() / 1000) + 1);
    assert.equal(
      await cli.out(
        ...[
          'events',
          '--since',
          '1h',
          '--until',
          soon,
          '--filter',
          'event=tag',
          '--filter',
          `image=${image}`,
        ],
        ...['--format', '{{.Actor.ID}} {{.Actor.Attributes.name}}'],
      ),
      `${id} ${image}:latest`,
    );
    assert.equal(await cli.out('run', '--rm', image), 'new');
    const look =
      'pwd; echo $COLOUR; ls /bin/ls 2>/dev/null || test -e /bin/ls || echo gone; test -e /data/file || echo empty';
    assert.equal(await cli.out('run', '--rm', image, 'sh', '-c', look), '/work\nblue\ngone\nempty');
    const format = '{{.Author}}|{{.Comment}}|{{.Config.WorkingDir}}|{{len .RootFS.Layers}}';
    assert.equal(await cli.out('image', 'inspect', '--format', format, image), 'A. Sailor|a trip|/work|2');
    const [top] = (
      await cli.out('history', '--format', '{{.Comment}}|{{.CreatedBy}}', '--no-trunc', image)
    ).split('\n');
    assert.equal(top, `a trip|sh -c ${script}`);
    await cli.out('rm', '--volumes', name);
    await cli.out('rmi', image);
  });

  test('a running container stands still meanwhile, and goes on', async () => {
    const name = unique('commit');
    await cli.out(
      'run',
      '--detach',
      '--name',
      name,
      'busybox',
      'sh',
      '-c',
      'while :; do echo x; sleep 0.05; done',
    );
    const id = await cli.out('commit', name);
    assert.equal(await cli.out('inspect', '--format', '{{.State.Status}}', name), 'running');
    await cli.out('commit', '--pause=false', name);
    await cli.out('rm', '--force', name);
    await cli.out('rmi', id);
  });

  test('what cannot be committed is told', async () => {
    const name = unique('commit');
    const missing = await cli.run(['commit', 'no-such-container']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /No such container: no-such-container/);
    await cli.out('run', '--name', name, 'busybox', 'true');
    const change = await cli.run(['commit', '--change', 'RUN something', name]);
    assert.equal(change.code, 1);
    const reference = await cli.run(['commit', name, 'case/UPPER']);
    assert.equal(reference.code, 1);
    assert.match(reference.stderr, /repository name.*must be lowercase/);
    await cli.out('rm', name);
  });
});
