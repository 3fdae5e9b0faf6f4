// One VM's lifecycle for its user: by HTTP, by NATS, and in the log.
import type { Operation, Problem, VmView } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

let test: TestPlane;
beforeAll(async () => {
  test = await startTestPlane();
}, 120_000);
afterAll(() => test.stop());

const typesOf = async (id: string): Promise<string[]> => {
  const { body } = await test.http<{ items: { type: string }[] }>('GET', `/v1/vms/${id}/events`);
  return body.items.map(({ type }) => type.replace(/^ironlog\.vm\.|\.v1$/g, ''));
};

describe('a VM', () => {
  it('is created and started by one request, and every step is recorded', async () => {
    const operation = await test.command('POST', '/v1/vms', {
      id: 'vm-1',
      start: true,
      spec: { name: 'first', labels: { tier: 'web' } },
    });
    expect(operation).toMatchObject({ status: 'succeeded', verb: 'create', vmId: 'vm-1', tenant: 'dev' });
    expect(await test.vm('vm-1')).toMatchObject({
      state: 'running',
      name: 'first',
      epoch: 1,
      host: 'host-1',
      task: null,
    });
    expect(await typesOf('vm-1')).toEqual(['claimed', 'created', 'boot-started', 'booted']);
  });
  it('writes to a console', async () => {
    const response = await fetch(`${test.plane.http}/v1/vms/vm-1/console?tail=4000`, {
      headers: { authorization: `Bearer ${test.plane.token}`, accept: 'text/plain' },
    });
    expect(await response.text()).toContain('ironlog-guest: ready');
  });
  it('runs every verb', async () => {
    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['reboot', 'running'],
      ['shutdown', 'stopped'],
      ['boot', 'running'],
    ] as const) {
      expect(await test.command('POST', `/v1/vms/vm-1/${verb}`)).toMatchObject({ status: 'succeeded', verb });
      expect((await test.vm('vm-1')).state).toBe(state);
    }
    expect((await test.vm('vm-1')).epoch).toBe(3);
  });
  it('refuses a verb that its state does not allow, with the reason', async () => {
    const { status, body } = await test.http<Problem>('POST', '/v1/vms/vm-1/boot', { wait: 20 });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'illegal-state',
      currentState: 'running',
      allowedActions: expect.arrayContaining(['shutdown']),
    });
  });
  it('is deleted for good', async () => {
    expect(await test.command('DELETE', '/v1/vms/vm-1?force=true')).toMatchObject({ status: 'succeeded' });
    expect((await test.vm('vm-1')).state).toBe('deleted');
    const { status, body } = await test.http<Problem>('POST', '/v1/vms/vm-1/boot', { wait: 20 });
    expect([status, body.code]).toEqual([409, 'vm-deleted']);
  });
  it('is returned as of an earlier sequence', async () => {
    const { body } = await test.http<{ items: { sequence: number; type: string }[] }>('GET', '/v1/vms/vm-1/events');
    const paused = body.items.find(({ type }) => type === 'ironlog.vm.paused.v1');
    const { body: then } = await test.http<VmView>('GET', `/v1/vms/vm-1?sequence=${paused?.sequence}`);
    expect(then.state).toBe('paused');
  });
});

describe('the NATS ingress', () => {
  it("accepts a command published by hand, and refuses another tenant's subject", async () => {
    const { natsUser: user, nats } = test.plane;
    const connection = await connect({
      servers: nats.url,
      user,
      pass: nats.credentials.passwordOf(user),
    });
    const client = jetstream(connection);
    expect((await client.publish('ironlog.cmd.dev.vm-nats.create', '{"params":{"start":true}}')).stream).toBe(
      'COMMANDS',
    );
    const vm = await until('vm-nats runs', async () => {
      const { status, body } = await test.http<VmView>('GET', '/v1/vms/vm-nats');
      return status === 200 && body.state === 'running' ? body : undefined;
    });
    expect(vm).toMatchObject({ tenant: 'dev', host: 'host-1' });
    await expect(client.publish('ironlog.cmd.other.vm-nats.delete', '', { timeout: 1500 })).rejects.toThrow();
    const { body } = await test.http<{ items: Operation[] }>('GET', '/v1/operations?vmId=vm-nats');
    expect(body.items.map(({ actor, verb, status }) => [actor, verb, status])).toEqual([
      ['nats', 'create', 'succeeded'],
    ]);
    await connection.close();
  });
});

describe('one idempotency key', () => {
  it('is one command, however often it is sent concurrently', async () => {
    const headers = { 'idempotency-key': 'order-7' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => test.http<Operation>('POST', '/v1/vms', { body: { spec: {} }, headers })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const [first] = answers;
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await until('the VM is created', async () =>
      (await test.vm(first?.body.vmId ?? '')).state === 'created' ? true : undefined,
    );
    const other = await test.http<Problem>('POST', '/v1/vms', { body: { start: true }, headers });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-mismatch']);
  });
});
