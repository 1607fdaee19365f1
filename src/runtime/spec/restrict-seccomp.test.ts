import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restrictSeccomp } from '#runtime/spec/restrict-seccomp.ts';
import { parseSeccompProfile, resolveSeccomp } from '#runtime/spec/seccomp.ts';

const generous = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  syscalls: [
    {
      names: ['read', 'clone', 'clone3', 'unshare', 'mount', 'setns', 'keyctl', 'reboot', 'mbind'],
      action: 'SCMP_ACT_ALLOW',
    },
    { names: ['setns', 'bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['setns', 'bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_SYS_ADMIN'] } },
  ],
};

/** What holds for a system call: actions with error numbers and arguments. */
function verdict(name: string, capabilities: string[]): string[] {
  const profile = restrictSeccomp(parseSeccompProfile(JSON.stringify(generous), 'the test'));
  const { syscalls } = resolveSeccomp(profile, {
    capabilities,
    architecture: 'amd64',
    kernel: { major: 6, minor: 1 },
  });
  return syscalls
    .filter(({ names }) => names.includes(name))
    .map(({ action, errnoRet, args }) =>
      [action.replace('SCMP_ACT_', ''), errnoRet ?? '', ...(args ?? []).map(({ op }) => op)].join(' ').trim(),
    );
}

test('what needs a capability is allowed with it alone', () => {
  for (const name of ['unshare', 'mount', 'setns', 'bpf']) {
    assert.deepEqual(verdict(name, []), ['ERRNO 1'], name);
    assert.deepEqual(verdict(name, ['CAP_SYS_ADMIN']), ['ALLOW'], name);
  }
  assert.deepEqual(verdict('reboot', ['CAP_SYS_ADMIN']), ['ERRNO 1']);
  assert.deepEqual(verdict('reboot', ['CAP_SYS_BOOT']), ['ALLOW']);
  assert.deepEqual(verdict('mbind', ['CAP_SYS_NICE']), ['ALLOW']);
  assert.deepEqual(verdict('read', []), ['ALLOW']);
});

test('clone makes processes and no namespaces', () => {
  assert.deepEqual(verdict('clone', []), ['ALLOW  SCMP_CMP_MASKED_EQ']);
  assert.deepEqual(verdict('clone3', []), ['ERRNO 38']);
  assert.deepEqual(verdict('clone', ['CAP_SYS_ADMIN']), ['ALLOW']);
  assert.deepEqual(verdict('clone3', ['CAP_SYS_ADMIN']), ['ALLOW']);
});

test('the keyrings are for nobody', () => {
  assert.deepEqual(verdict('keyctl', ['CAP_SYS_ADMIN']), ['ERRNO 1']);
});
