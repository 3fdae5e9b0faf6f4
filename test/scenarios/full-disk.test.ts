// A disk that fills up and is freed again: nothing is accepted without being stored, reads continue, and the plane recovers by
// itself.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandId, Operation, Problem } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from '../harness/invariants.ts';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

const SIZE_MIB = 48;
const root = mkdtempSync(join(tmpdir(), 'il-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', root]);
const canMount = mounted.status === 0;
if (!canMount)
  process.stderr.write(`full-disk.test.ts is skipped: mount failed: ${String(mounted.stderr ?? mounted.error)}\n`);

const filler = join(root, 'filler');
const fill = (): void => {
  const fd = openSync(filler, 'w');
  const block = Buffer.alloc(64 * 1024);
  try {
    while (writeSync(fd, block) > 0);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(fd);
  }
};

let test: TestPlane;
const printed: string[] = [];
beforeAll(async () => {
  if (!canMount) return;
  mkdirSync(join(root, 's'), { mode: 0o700 });
  test = await startTestPlane({ stateDir: join(root, 's'), print: (line) => void printed.push(line) });
}, 120_000);
afterAll(async () => {
  if (canMount) {
    await test.stop();
    spawnSync('umount', [root]);
  }
  rmSync(root, { recursive: true, force: true });
});

interface Ready {
  readonly ready: boolean;
  readonly checks: { readonly jetstream: { readonly ok: boolean } };
}
const readiness = async (): Promise<Ready> => (await test.http<Ready>('GET', '/readyz')).body;
const read = async (path: string): Promise<number> => {
  const authorization = `Bearer ${test.plane.token}`;
  return (await fetch(`${test.plane.http}${path}`, { headers: { authorization } })).status;
};
const pids = () => test.plane.services.map(({ name }) => [name, test.plane.supervisor.pidOf(name)]);

it.skipIf(!canMount)(
  'accepts nothing that it cannot store, and recovers when there is space again',
  async () => {
    await test.command('POST', '/v1/vms', { id: 'before', start: true });
    const running = pids();
    fill();

    const accepted: CommandId[] = [];
    const refusals: number[] = [];
    const create = async (): Promise<void> => {
      const headers = { 'idempotency-key': randomUUID() };
      const { status, body } = await test.http<Pick<Operation, 'id'> & Pick<Problem, 'code' | 'type'>>(
        'POST',
        '/v1/vms',
        {
          headers,
          body: { start: true },
        },
      );
      if (status < 300) accepted.push(body.id);
      else {
        // P1, and RFC 9457 for any failure.
        expect({ status, code: body.code, type: body.type }).toEqual({
          status: 503,
          code: 'not-durable',
          type: 'urn:ironlog:problem:not-durable',
        });
        refusals.push(status);
      }
    };
    while (refusals.length < 3) {
      await create();
      // Without a position: the read model cannot be written, either, and answers with its present rows.
      expect(await read('/v1/vms/before')).toBe(200);
      expect(await read('/v1/vms')).toBe(200);
    }
    expect((await readiness()).checks.jetstream.ok).toBe(false);
    expect(pids()).toEqual(running);

    rmSync(filler);
    await until('the plane is ready again', async () => ((await readiness()).ready ? true : undefined), 30_000);
    expect(printed.join('\n')).toContain('restarting nats-server');
    const after = await test.command('POST', '/v1/vms', { id: 'after', start: true });
    expect(after.status).toBe('succeeded');
    for (const id of accepted)
      await until(`${id} has its outcome`, async () => {
        const { body } = await test.http<Operation>('GET', `/v1/operations/${id}`);
        return body.finishedAt ? body : undefined;
      });
    const entries = await test.events();
    expect((await check({ entries, accepted, hostDirectories: [join(root, 's', 'host-1')] })).problems).toEqual([]);
  },
  180_000,
);
