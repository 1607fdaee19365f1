import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSeccompProfile, resolveSeccomp, type SeccompProfile } from '#runtime/spec/seccomp.ts';
import { readSpecContext } from '#runtime/spec-context.ts';

const facts = { capabilities: ['CAP_CHOWN'], architecture: 'amd64', kernel: { major: 5, minor: 10 } };

describe('resolveSeccomp', () => {
  const cases: [title: string, conditions: Record<string, unknown>, kept: boolean][] = [
    ['without conditions', {}, true],
    ['included capability that is held', { includes: { caps: ['CAP_CHOWN'] } }, true],
    ['included capability that is not held', { includes: { caps: ['CAP_SYS_ADMIN'] } }, false],
    ['two included capabilities, one held', { includes: { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] } }, false],
    ['excluded capability that is held', { excludes: { caps: ['CAP_CHOWN'] } }, false],
    ['excluded capability that is not held', { excludes: { caps: ['CAP_SYS_ADMIN'] } }, true],
    ['included architecture', { includes: { arches: ['arm64', 'amd64'] } }, true],
    ['another included architecture', { includes: { arches: ['arm64'] } }, false],
    ['excluded architecture', { excludes: { arches: ['amd64'] } }, false],
    ['older kernel needed', { includes: { minKernel: '4.8' } }, true],
    ['same kernel needed', { includes: { minKernel: '5.10' } }, true],
    ['newer kernel needed', { includes: { minKernel: '5.11' } }, false],
    ['excluded from this kernel on', { excludes: { minKernel: '5.9' } }, false],
  ];
  for (const [title, conditions, kept] of cases) {
    test(`${kept ? 'keeps' : 'drops'} a rule: ${title}`, () => {
      const rule = { names: ['open'], action: 'SCMP_ACT_ALLOW', ...conditions };
      const { syscalls } = resolveSeccomp({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] }, facts);
      assert.deepEqual(syscalls, kept ? [{ names: ['open'], action: 'SCMP_ACT_ALLOW' }] : []);
    });
  }

  test('maps the machine to its architectures and leaves out what is null', () => {
    const profile = parseSeccompProfile(
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ERRNO',
        defaultErrnoRet: 38,
        archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
        syscalls: [
          { name: 'clone', action: 'SCMP_ACT_ERRNO', errnoRet: 1, args: null, includes: {}, excludes: {} },
        ],
      }),
      'profile',
    );
    assert.deepEqual(resolveSeccomp(profile, facts), {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
      syscalls: [{ names: ['clone'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    });
  });

  test('resolves the installed profile: mount only with CAP_SYS_ADMIN', () => {
    const profile: SeccompProfile = readSpecContext().defaultSeccomp;
    const actions = (capabilities: string[]) =>
      resolveSeccomp(profile, { ...facts, capabilities })
        .syscalls.filter(({ names }) => names.includes('bpf'))
        .map(({ action }) => action);
    assert.deepEqual(actions(['CAP_SYS_ADMIN']), ['SCMP_ACT_ALLOW']);
    assert.deepEqual(actions([]), ['SCMP_ACT_ERRNO']);
  });
});

test('parseSeccompProfile refuses what is no profile', () => {
  for (const text of ['', '[]', '{}', '{"defaultAction":1}', '{"defaultAction":"x","syscalls":[{}]}']) {
    assert.throws(() => parseSeccompProfile(text, 'file'), {
      kind: 'InvalidParameter',
      message: /^file is not /,
    });
  }
});

test('a missing default profile names the package that has it', () => {
  assert.throws(() => readSpecContext('/nowhere/seccomp.json'), {
    kind: 'Unavailable',
    message: /\/nowhere\/seccomp\.json.*install the package/,
  });
});
