import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenAttributes, journalFields, readableAttributes } from '#log-drivers/attributes.ts';
import { expandTag } from '#log-drivers/tag.ts';
import { subject } from '#log-drivers/testing/subject.ts';

test('labels and variables are chosen by name and by pattern', () => {
  assert.deepEqual(chosenAttributes({}, subject), {});
  assert.deepEqual(chosenAttributes({ labels: 'role,none', env: 'STAGE' }, subject), {
    role: 'front',
    STAGE: 'test',
  });
  assert.deepEqual(chosenAttributes({ 'labels-regex': '^com\\.', 'env-regex': '^E' }, subject), {
    'com.example.team': 'red & blue',
    EMPTY: '',
  });
});

test('each driver gives back what it keeps', () => {
  const options = { labels: 'com.example.team', tag: '{{.Name}}' };
  assert.deepEqual(readableAttributes('json-file', options, subject), {
    'com.example.team': 'red & blue',
    tag: 'web',
  });
  assert.deepEqual(readableAttributes('journald', options, subject), { COM_EXAMPLE_TEAM: 'red & blue' });
  assert.deepEqual(readableAttributes('syslog', options, subject), {});
});

test('names for the journal', () => {
  assert.deepEqual(journalFields({ _a: '1', '2b-c': '2', __: '3' }), { A: '1', B_C: '2' });
});

test('tags from templates', () => {
  assert.equal(expandTag(undefined, subject), '0123456789ab');
  assert.equal(expandTag('', subject), '0123456789ab');
  assert.equal(
    expandTag('{{.DaemonName}}/{{ .ImageName }}/{{- .Name -}}/{{.ImageID}}', subject),
    'docker/busybox:latest/web/fedcba987654',
  );
  assert.equal(expandTag('{{.FullID}} {{.ImageFullID}}', subject), `${subject.id} ${subject.imageId}`);
  assert.throws(() => expandTag('{{.constructor}}', subject), { kind: 'InvalidParameter' });
  assert.throws(() => expandTag('{{if .Name}}x{{end}}', subject), { kind: 'InvalidParameter' });
});
