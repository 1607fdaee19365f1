import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeFailure } from '#runtime/conmon/errors.ts';

const cases: [text: string, program: string, reason: string | undefined, end: string][] = [
  [
    'executable file `foo` not found in $PATH: No such file or directory\n',
    'foo',
    'executable-not-found',
    'exec: "foo": executable file not found in $PATH',
  ],
  [
    'time="2026-11-24T08:46:13Z" level=error msg="runc create failed: unable to start container process: exec: \\"/foo\\": stat /foo: no such file or directory"',
    '/foo',
    'executable-not-found',
    'exec: "/foo": stat /foo: no such file or directory',
  ],
  [
    'open executable: Operation not permitted',
    '/etc',
    'executable-not-runnable',
    'exec: "/etc": permission denied',
  ],
  ['exec: "/etc": is a directory', '/etc', 'executable-not-runnable', 'exec: "/etc": is a directory'],
  ['mount `/a` to `b`: No such file or directory', 'foo', undefined, 'mount `/a` to `b`: ENOENT'],
  ['open `/proc/sys/x`: Permission denied', 'foo', undefined, 'open `/proc/sys/x`: EACCES'],
  [
    'write file `/proc/thread-self/attr/exec`: No such file or directory',
    'foo',
    undefined,
    'the kernel does not know the AppArmor profile (load it with apparmor_parser): write file `/proc/thread-self/attr/exec`: ENOENT',
  ],
  ['', 'foo', undefined, 'the runtime gave no reason'],
];
for (const [text, program, reason, end] of cases) {
  test(`the runtime's words ${JSON.stringify(text.slice(0, 60))} mean ${reason ?? 'a failure of ours'}`, () => {
    const error = runtimeFailure(text, { program, action: 'create' });
    assert.equal(error.reason, reason);
    assert.equal(error.message, `failed to create task for container: OCI runtime create failed: ${end}`);
  });
}
