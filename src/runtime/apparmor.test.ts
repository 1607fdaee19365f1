import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openAppArmor, type ProfileLoader } from '#runtime/apparmor.ts';

/** A kernel whose profiles are `loaded`, and a parser that adds the default one unless it `fails`. */
function fakeHost({ loaded = [], fails = false, ...changes }: Partial<ProfileLoader> & FakeState) {
  const state = { loaded: [...loaded], fails, loads: 0 };
  const loader: ProfileLoader = {
    hasAppArmor: () => true,
    list: () => state.loaded,
    parser: '/sbin/apparmor_parser',
    async load() {
      state.loads += 1;
      if (state.fails) throw new Error('syntax error');
      state.loaded = ['dhow-default'];
    },
    ...changes,
  };
  return { state, loader };
}

interface FakeState {
  loaded?: string[];
  fails?: boolean;
}

describe('the default AppArmor profile', () => {
  test('is loaded at the start, and nothing then', async () => {
    const { state, loader } = fakeHost({});
    const { host, warnings, ensureLoaded } = await openAppArmor(loader);
    assert.deepEqual(
      { host, warnings: warnings() },
      { host: { defaultProfile: 'dhow-default' }, warnings: [] },
    );
    await ensureLoaded('dhow-default');
    assert.equal(state.loads, 1);
  });

  test('replaces one that an earlier daemon has loaded', async () => {
    const { state, loader } = fakeHost({ loaded: ['dhow-default'] });
    await openAppArmor(loader);
    assert.equal(state.loads, 1);
  });

  test('is loaded again, once, when somebody has unloaded it, but only for who has it', async () => {
    const { state, loader } = fakeHost({});
    const { ensureLoaded } = await openAppArmor(loader);
    state.loaded = [];
    await ensureLoaded('unconfined');
    assert.equal(state.loads, 1);
    await Promise.all([ensureLoaded('dhow-default'), ensureLoaded('dhow-default')]);
    assert.equal(state.loads, 2);
  });

  test('keeps containers from starting when it is refused, and until it is not', async () => {
    const { state, loader } = fakeHost({ fails: true });
    const { host, warnings, ensureLoaded } = await openAppArmor(loader);
    assert.deepEqual(host, { defaultProfile: 'dhow-default' });
    assert.match(
      warnings().join(),
      /^WARNING: .* do not start: .*dhow-default cannot be loaded.*syntax error$/,
    );
    await assert.rejects(ensureLoaded('dhow-default'), { kind: 'Unavailable', message: /syntax error$/ });
    await ensureLoaded('mine');
    state.fails = false;
    await ensureLoaded('dhow-default');
    assert.deepEqual(warnings(), []);
  });

  test('is the one from before when it is refused', async () => {
    const { loader } = fakeHost({ loaded: ['dhow-default'], fails: true });
    const { warnings, ensureLoaded } = await openAppArmor(loader);
    assert.match(warnings().join(), /have the one that is loaded: .*syntax error$/);
    await ensureLoaded('dhow-default');
  });

  test('may be one of the administrator, which must have its name', async () => {
    const { loader } = fakeHost({ load: async () => {} });
    const { warnings } = await openAppArmor(loader);
    assert.match(warnings().join(), /\/etc\/apparmor.d\/dhow-default does not define it$/);
  });

  test('needs no parser when the kernel has it', async () => {
    const { state, loader } = fakeHost({ loaded: ['dhow-default'], parser: undefined });
    const { host, warnings, ensureLoaded } = await openAppArmor(loader);
    assert.deepEqual(
      { host, warnings: warnings() },
      { host: { defaultProfile: 'dhow-default' }, warnings: [] },
    );
    await ensureLoaded('dhow-default');
    state.loaded = [];
    await assert.rejects(ensureLoaded('dhow-default'), /install the package apparmor/);
  });

  test('is missed with a warning where none can be loaded', async () => {
    for (const [changes, remedy] of [
      [{ parser: undefined }, /install the package apparmor/],
      [{ list: () => undefined }, /mount -t securityfs/],
    ] as const) {
      const { state, loader } = fakeHost(changes);
      const { host, warnings, ensureLoaded } = await openAppArmor(loader);
      assert.deepEqual(host, {});
      assert.match(warnings().join(), remedy);
      await ensureLoaded('dhow-default');
      assert.equal(state.loads, 0);
    }
  });

  test('means nothing to a kernel without AppArmor', async () => {
    const { state, loader } = fakeHost({ hasAppArmor: () => false });
    const { host, warnings } = await openAppArmor(loader);
    assert.deepEqual(
      { host, warnings: warnings(), loads: state.loads },
      { host: undefined, warnings: [], loads: 0 },
    );
  });
});
