// Lists that take seconds, over HTTP: other requests are answered meanwhile, and too many lists are a 503 with Retry-After.
import { currentFile } from '@ironlog/read-model';
import { problemSchema, tenantId } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TOKENS } from '../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../fixtures/plane.fixture.ts';
import { withLongAttention } from '../read-workers/long-query.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane();
  const file = currentFile(plane.gateway.readModelDirectory, 'state');
  if (file === undefined) throw new Error('there is no read model');
  withLongAttention(file, tenantId('acme')).close();
});
afterAll(() => plane?.stop());

test("a tenant's long list delays neither another tenant's lists nor its own reads by key", async () => {
  await plane.create({ id: 'quick' }, { prefer: 'wait=10' });
  // Starts both workers.
  await Promise.all([plane.call('GET', '/v1/vms'), plane.call('GET', '/v1/vms', { as: 'foreign' })]);
  const answered: string[] = [];
  const long = [1, 2].map(() => plane.call('GET', '/v1/attention').then(() => answered.push('long')));
  for (const path of ['/v1/attention', '/v1/vms', '/v1/operations', '/v1/usage'])
    expect(await plane.call('GET', path, { as: 'foreign' }), path).toMatchObject({ status: 200 });
  expect(await plane.call('GET', '/v1/vms/quick')).toMatchObject({ status: 200, body: { id: 'quick' } });
  expect(answered).toEqual([]);
  await Promise.all(long);
});

test("more long lists than a tenant's share are a 503 with Retry-After, and another's list is answered", async () => {
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${TOKENS.operator}` };
  const first = Promise.withResolvers<Response>();
  const asked = Array.from({ length: 70 }, () =>
    fetch(`${plane.gateway.url}/v1/attention`, { headers, signal: leaving.signal }).then(
      (response) => {
        if (response.status === 503) first.resolve(response);
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) first.reject(error);
      },
    ),
  );
  const refused = await first.promise;
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(problemSchema.parse(await refused.json())).toMatchObject({
    code: 'overloaded',
    retryable: true,
    detail: expect.stringContaining("this tenant's share"),
  });
  // On a busy machine it may be a 503 as well, which is retried.
  await vi.waitFor(
    async () => expect(await plane.call('GET', '/v1/attention', { as: 'foreign' })).toMatchObject({ status: 200 }),
    { timeout: 10_000 },
  );
  leaving.abort();
  await Promise.all(asked);
  const { text } = (await plane.call('GET', '/metrics', { as: 'nobody' })).body;
  expect(text).toMatch(/^ironlog_reads_refused_total\{reason="tenant-share",.*\} [1-9]/m);
});
