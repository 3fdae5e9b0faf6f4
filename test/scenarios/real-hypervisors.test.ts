// The whole plane with Cloud Hypervisor and Firecracker on one host, each with a guest that boots in milliseconds: those that
// their variables name; without either it is skipped, and the conformance suite has then said why.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnder } from '@ironlog/hypervisor';
import { writeTinyGuest } from '@ironlog/hypervisor/testing';
import type { HypervisorKind, VmView } from '@ironlog/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const PROGRAMS = { 'cloud-hypervisor': 'IRONLOG_CLOUD_HYPERVISOR', firecracker: 'IRONLOG_FIRECRACKER' } as const;
const kinds = (Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]).filter(
  (kind) => process.env[PROGRAMS[kind]] !== undefined,
);

describe.skipIf(kinds.length === 0)('a host with real hypervisors', () => {
  let images: string;
  let test: TestPlane;
  beforeAll(async () => {
    images = mkdtempSync(join(tmpdir(), 'ironlog-images-'));
    const kernel = join(images, 'tiny');
    await writeTinyGuest(kernel);
    const programs = Object.fromEntries(kinds.map((kind) => [PROGRAMS[kind], process.env[PROGRAMS[kind]] ?? '']));
    const environment = {
      IRONLOG_HYPERVISORS: kinds.join(','),
      IRONLOG_KERNEL: kernel,
      IRONLOG_HOST_CPUS: '64',
      ...programs,
    };
    test = await startTestPlane({ extra: { 'vm-executor': environment } });
  }, 120_000);
  afterAll(async () => {
    await test.stop();
    rmSync(images, { recursive: true, force: true });
  });

  const processOf = async (id: string) => {
    const found = await findUnder(`${test.plane.stateDir}/host-1`);
    const own = found.filter(({ directory }) => directory.endsWith(`/${id}`));
    expect(own.length).toBeLessThan(2);
    return own[0]?.identity;
  };
  const does = async (method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> => {
    expect(await test.command(method, path, body), `${method} ${path}`).toMatchObject({ status: 'succeeded' });
  };

  it('says which it has, and the version that each told of itself', async () => {
    const { body } = await test.http<{
      items: { hypervisors: string[]; hypervisorVersions: Record<string, string> }[];
    }>('GET', '/v1/hosts');
    expect(body.items[0]?.hypervisors).toEqual(kinds);
    expect(Object.keys(body.items[0]?.hypervisorVersions ?? {})).toEqual(kinds);
  });

  it.each(kinds)('takes a VM of %s through all that may happen to it', async (kind: HypervisorKind) => {
    const id = `vm-${kind}`;
    const vm = `/v1/vms/${id}`;
    const started = await test.http<VmView>('POST', '/v1/vms', {
      ...{ wait: 40, body: { id, start: true, spec: { hypervisor: kind } } },
    });
    expect(started.status).toBe(200);
    expect(await test.vm(id)).toMatchObject({ state: 'running', epoch: 1, hypervisor: kind });
    const first = await processOf(id);
    await does('POST', `${vm}/pause`);
    expect(await test.vm(id)).toMatchObject({ state: 'paused' });
    const { supervisor } = test.plane;
    const executor = supervisor.pidOf('vm-executor');
    process.kill(executor ?? 0, 'SIGKILL');
    await until('the executor is another', () => (supervisor.pidOf('vm-executor') === executor ? undefined : true));
    await does('POST', `${vm}/resume`);
    expect(await processOf(id)).toEqual(first);
    await does('POST', `${vm}/shutdown`, { timeoutSeconds: 30 });
    expect(await test.vm(id)).toMatchObject({ state: 'stopped', lastStop: { cause: 'requested', forced: false } });
    await does('POST', `${vm}/boot`);
    await does('POST', `${vm}/reboot`, { timeoutSeconds: 30 });
    expect(await test.vm(id)).toMatchObject({ state: 'running', epoch: 3 });
    process.kill((await processOf(id))?.pid ?? 0, 'SIGKILL');
    await until('it has failed', async () => ((await test.vm(id)).state === 'failed' ? true : undefined));
    expect((await test.vm(id)).lastStop).toMatchObject({ cause: 'crash', signal: 'SIGKILL' });
    await does('DELETE', vm);
    expect(await processOf(id)).toBeUndefined();
  });

  it.skipIf(!kinds.includes('firecracker'))('a VM that is out of its range fails in its own words', async () => {
    // One more processor than Firecracker gives a guest; the host is told to have them.
    const body = { id: 'vm-large', start: true, spec: { hypervisor: 'firecracker', cpus: 33 } };
    const { status, body: answer } = await test.http<{ detail?: string }>('POST', '/v1/vms', { wait: 40, body });
    expect(status).toBe(502);
    expect(JSON.stringify(answer)).toMatch(/machine-config: the hypervisor answered 400: .*vCPU/i);
    await does('DELETE', '/v1/vms/vm-large');
  });

  it('leaves a log that is legal, and a machine that agrees with it', async () => {
    const entries = await test.events();
    const { problems } = await check({ entries, accepted: [], hostDirectories: [`${test.plane.stateDir}/host-1`] });
    expect(problems).toEqual([]);
  });
});
