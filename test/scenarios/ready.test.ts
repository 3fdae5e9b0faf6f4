// Guests that say when they are ready, over the whole plane: waited for, listed when they are late, restarted by policy.
import type { Operation, Problem, VmView } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

let test: TestPlane;
beforeAll(async () => {
  test = await startTestPlane();
}, 120_000);
afterAll(() => test.stop());

const READY = { console: 'ironlog-guest: ready', timeoutSeconds: 30 };
const create = (id: string, spec: object, more: object = { until: 'ready' }) =>
  test.command('POST', '/v1/vms', { id, start: true, spec: { ready: READY, ...spec }, ...more });
const namesOf = async (id: string): Promise<string[]> => {
  const { body } = await test.http<{ items: { type: string }[] }>('GET', `/v1/vms/${id}/events`);
  return body.items.map(({ type }) => type.replace(/^ironlog\.vm\.|\.v1$/g, ''));
};
const attentionOf = async (id: string) =>
  (await test.http<{ items: { vmId: string; kind: string }[] }>('GET', '/v1/attention')).body.items
    .filter(({ vmId }) => vmId === id)
    .map(({ kind }) => kind);

it('an operation until ready ends when the guest has said so, at its boot and at a later one', async () => {
  const operation = await create('prompt', { kernelArgs: 'sim.ready-after-ms=300' });
  expect(operation).toMatchObject({ status: 'succeeded', verb: 'create' });
  const first = await test.vm('prompt');
  expect(first).toMatchObject({ state: 'running', readyAt: operation.finishedAt });
  expect(await namesOf('prompt')).toEqual(['claimed', 'created', 'boot-started', 'booted', 'ready']);
  await test.command('POST', '/v1/vms/prompt/shutdown');
  expect((await test.vm('prompt')).readyAt).toBeNull();
  const booted = await test.command('POST', '/v1/vms/prompt/boot', { until: 'ready' });
  expect(booted).toMatchObject({ status: 'succeeded', verb: 'boot' });
  expect(await test.vm('prompt')).toMatchObject({ epoch: 2, readyAt: booted.finishedAt });
});

it('a wait for ready answers when the guest has said so, and at once where it never can be known', async () => {
  await create('slow', { kernelArgs: 'sim.ready-after-ms=700' }, {});
  const { body } = await test.http<{ outcome: string; vm: VmView }>('GET', '/v1/vms/slow/wait?ready=true&timeout=30');
  expect(body).toMatchObject({ outcome: 'reached', vm: { id: 'slow', readyAt: expect.any(String) } });
  await test.command('POST', '/v1/vms', { id: 'silent', start: true });
  expect((await test.http('GET', '/v1/vms/silent/wait?ready=true&timeout=30')).body).toMatchObject({
    outcome: 'unreachable',
  });
  for (const query of ['', '?ready=false', '?ready=true&state=running'])
    expect((await test.http('GET', `/v1/vms/slow/wait${query}`)).status).toBe(400);
});

it('a guest that is late has failed the operation that waited, and needs a human until it is ready', async () => {
  const late = { ready: { ...READY, timeoutSeconds: 1 }, kernelArgs: 'sim.ready-after-ms=4000' };
  expect(await create('late', late)).toMatchObject({
    code: 'operation-failed',
    detail: expect.stringContaining('for 1 s'),
  });
  expect(await attentionOf('late')).toEqual(['not-ready']);
  await test.http('GET', '/v1/vms/late/wait?ready=true&timeout=30');
  expect(await test.vm('late')).toMatchObject({ state: 'running', epoch: 1, attention: null, failure: null });
});

it('its restart policy restarts it, and gives up as with any other failure', async () => {
  const restart = { policy: 'on-failure', maxAttempts: 1, backoffMs: 0 };
  await create('never', { ready: { console: 'never said', timeoutSeconds: 1 }, restart }, {});
  await until('it is handed to a human', async () =>
    (await attentionOf('never')).includes('cleanup-abandoned') ? true : undefined,
  );
  expect(await test.vm('never')).toMatchObject({ state: 'running', epoch: 2 });
  const restarted = ['reboot-started', 'rebooted', 'not-ready', 'cleanup-abandoned'];
  expect((await namesOf('never')).slice(-5)).toEqual(['not-ready', ...restarted]);
});

it('an operation until ready fails with the guest, and is pre-empted by a delete with force', async () => {
  expect(await create('dies', { ready: { console: 'never' }, kernelArgs: 'sim.exit-after-ms=300' })).toMatchObject({
    code: 'operation-failed',
    detail: expect.stringContaining('hypervisor process'),
  });
  const { body } = await test.http<Operation>('POST', '/v1/vms', {
    body: { id: 'doomed', start: true, until: 'ready', spec: { ready: { console: 'never' } } },
  });
  await until('it runs', async () => ((await namesOf('doomed')).includes('booted') ? true : undefined));
  const paused = await test.http<Problem>('POST', '/v1/vms/doomed/pause', { wait: 30 });
  expect(paused).toMatchObject({ status: 409, body: { code: 'illegal-state' } });
  expect(paused.body.allowedActions).toEqual(['shutdown', 'reboot', 'delete']);
  expect(await test.command('DELETE', '/v1/vms/doomed?force=true')).toMatchObject({ status: 'succeeded' });
  expect((await test.http<Operation>('GET', `/v1/operations/${body.id}`)).body).toMatchObject({
    status: 'failed',
    error: { code: 'preempted' },
  });
});

it('an operation until ready is pre-empted by a shutdown: who stops a guest need not wait for it', async () => {
  const { body } = await test.http<Operation>('POST', '/v1/vms', {
    body: { id: 'stopped', start: true, until: 'ready', spec: { ready: { console: 'never' } } },
  });
  await until('it runs', async () => ((await namesOf('stopped')).includes('booted') ? true : undefined));
  expect(await test.command('POST', '/v1/vms/stopped/shutdown')).toMatchObject({ status: 'succeeded' });
  expect((await test.http<Operation>('GET', `/v1/operations/${body.id}`)).body).toMatchObject({
    status: 'failed',
    error: { code: 'preempted', reason: expect.stringContaining('shutdown') },
  });
  expect(await test.vm('stopped')).toMatchObject({ state: 'stopped', lastStop: { cause: 'requested' } });
});

it('until ready is refused where nobody knows how the guest says so', async () => {
  for (const body of [
    { start: true, until: 'ready' },
    { until: 'ready', spec: { ready: READY } },
  ])
    expect((await test.http<Problem>('POST', '/v1/vms', { body })).body).toMatchObject({
      code: 'invalid-request',
      errors: [{ path: 'body.until' }],
    });
  await test.command('POST', '/v1/vms/silent/shutdown');
  expect(await test.http('POST', '/v1/vms/silent/boot', { body: { until: 'ready' }, wait: 30 })).toMatchObject({
    status: 409,
    body: { code: 'invalid-command' },
  });
});

it('leaves a log that is legal, and no command open', async () => {
  const { problems } = await check({
    entries: await test.events(),
    accepted: [],
    hostDirectories: [`${test.plane.stateDir}/host-1`],
  });
  expect(problems).toEqual([]);
});
