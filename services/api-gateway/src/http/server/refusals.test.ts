import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { PROBLEMS, problemSchema } from '@ironlog/schemas';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startGateway, TOKENS } from '../../fixtures/gateway.fixture.ts';
import { startPlane, type TestPlane } from '../../fixtures/plane.fixture.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let plane: TestPlane;
beforeAll(async () => {
  plane = await startPlane({ withHost: false });
});
afterAll(async () => {
  await plane?.stop();
});

const json = { 'content-type': 'application/json' };
const deep = `${'{"a":'.repeat(12_000)}1${'}'.repeat(12_000)}`;

test.each([
  ['unknown path', 'GET', '/v2/vms', {}, 404, 'not-found'],
  ['wrong method', 'PATCH', '/v1/vms', {}, 405, 'method-not-allowed'],
  ['wrong method of a VM', 'PUT', '/v1/vms/vm-1', {}, 405, 'method-not-allowed'],
  ['not JSON', 'POST', '/v1/vms', { body: '{"id":' }, 400, 'invalid-json'],
  ['__proto__', 'POST', '/v1/vms', { body: '{"__proto__":{"start":true}}' }, 400, 'invalid-request'],
  ['null', 'POST', '/v1/vms', { body: 'null' }, 400, 'invalid-request'],
  ['null for a verb', 'POST', '/v1/vms/vm-1/boot', { body: 'null' }, 400, 'invalid-request'],
  ['a DELETE with a body', 'DELETE', '/v1/vms/vm-1', { body: { force: true } }, 400, 'invalid-request'],
  ['a DELETE with null', 'DELETE', '/v1/vms/vm-1', { body: 'null' }, 400, 'invalid-request'],
  ['deep JSON', 'POST', '/v1/vms', { body: deep }, 413, 'payload-too-large'],
  [
    'deep JSON that fits',
    'POST',
    '/v1/vms',
    { body: `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}` },
    400,
    'invalid-request',
  ],
  ['2 MiB', 'POST', '/v1/vms', { body: JSON.stringify({ id: 'x'.repeat(2 * 1024 * 1024) }) }, 413, 'payload-too-large'],
  [
    'form',
    'POST',
    '/v1/vms',
    { body: 'id=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported-media-type',
  ],
  [
    'plain text',
    'POST',
    '/v1/vms',
    { body: '{}', headers: { 'content-type': 'text/plain' } },
    415,
    'unsupported-media-type',
  ],
  ['unknown field', 'POST', '/v1/vms', { body: { tenant: 'other' } }, 400, 'invalid-request'],
  ['unknown query', 'GET', '/v1/vms?tenant=other', {}, 400, 'invalid-request'],
  ['query twice', 'GET', '/v1/vms?limit=1&limit=2', {}, 400, 'invalid-request'],
  ['wrong type', 'POST', '/v1/vms', { body: { spec: { cpus: 'two' } } }, 400, 'invalid-request'],
  ['out of range', 'POST', '/v1/vms', { body: { spec: { memoryMiB: 1 } } }, 400, 'invalid-request'],
  ['an array', 'POST', '/v1/vms', { body: [] }, 400, 'invalid-request'],
  ['past startBy', 'POST', '/v1/vms', { body: { startBy: '2020-01-01T00:00:00.000Z' } }, 504, 'expired'],
  ['far startBy', 'POST', '/v1/vms', { body: { startBy: '2999-01-01T00:00:00.000Z' } }, 400, 'invalid-request'],
  ['path in an id', 'GET', '/v1/vms/..%2f..%2fetc%2fpasswd', {}, 400, 'invalid-request'],
  ['NUL in an id', 'GET', '/v1/vms/a%00b', {}, 400, 'invalid-request'],
  ['SQL in an id', 'GET', "/v1/vms/x';DROP%20TABLE%20vms--", {}, 400, 'invalid-request'],
  ['path in an image', 'POST', '/v1/vms', { body: { spec: { image: '/etc/passwd' } } }, 400, 'invalid-request'],
  ['long id', 'GET', `/v1/vms/${'a'.repeat(200)}`, {}, 400, 'invalid-request'],
  ['bad escape', 'GET', '/v1/vms/%E0%A4%A', {}, 400, 'invalid-request'],
  ["NUL in a page's name", 'GET', '/docs/static/a%00b', {}, 404, 'not-found'],
  ['bad If-Match', 'POST', '/v1/vms/vm-1/boot', { headers: { 'if-match': 'three' } }, 400, 'invalid-request'],
  ['bad key', 'POST', '/v1/vms', { body: {}, headers: { 'idempotency-key': 'two words' } }, 400, 'invalid-request'],
  ['bad position', 'GET', '/v1/vms', { headers: { 'ironlog-position': 'yesterday' } }, 400, 'invalid-request'],
  ['both moments', 'GET', '/v1/vms/vm-1?sequence=1&at=2026-01-01T00:00:00.000Z', {}, 400, 'invalid-request'],
  ['a time in the future', 'GET', '/v1/vms/vm-1?at=2999-01-01T00:00:00.000Z', {}, 400, 'invalid-request'],
  [
    'usage from after to',
    'GET',
    '/v1/usage?from=2026-01-02T00:00:00.000Z&to=2026-01-01T00:00:00.000Z',
    {},
    400,
    'invalid-request',
  ],
  ['unknown VM', 'GET', '/v1/vms/vm-1', {}, 404, 'vm-not-found'],
  ['command to an unknown VM', 'POST', '/v1/vms/vm-1/boot', {}, 404, 'vm-not-found'],
  ['unknown operation', 'GET', '/v1/operations/cmd-1', {}, 404, 'operation-not-found'],
] as const)('%s: a problem with a code, and no stack', async (_, method, path, options, status, code) => {
  const answer = await plane.call(method, path, {
    headers: {},
    ...options,
    ...('body' in options && { headers: { ...json, ...('headers' in options ? options.headers : {}) } }),
  });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = problemSchema.parse(answer.body);
  expect(problem).toMatchObject({ status, code, title: PROBLEMS[code].title });
  expect(answer.status).toBe(status);
  // Before the hooks there is no trace.
  if (path !== '/v1/vms/%E0%A4%A') expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.(ts|js):\d+/);
});

test.each([
  ['forbidden', 'POST', '/v1/vms', '{"__proto__":{"start":true}}', 'a member __proto__ is refused'],
  ['no JSON', 'POST', '/v1/vms', '{"id":\n"a",}', 'expected double-quoted property name at line 2, column 5'],
  ['too long', 'POST', '/v1/vms', 'x'.repeat(70_000), 'the body has 70000 bytes; at most 61440 bytes are taken'],
  [
    'badly labelled',
    'POST',
    '/v1/vms',
    { spec: { labels: { 'my key': 'x' } } },
    '"my key" is no label key: .*1-63 characters',
  ],
  ['out of place', 'DELETE', '/v1/vms/vm-1', { force: true }, 'force=true'],
] as const)('a body that is %s is refused with a precise reason', async (_, method, path, body, words) => {
  const answer = await plane.call(method, path, { body });
  expect(answer.body.detail).toMatch(new RegExp(words));
});

test('an absent body is a command with every default, with or without a media type', async () => {
  for (const options of [{}, { headers: json }])
    expect(await plane.call('POST', '/v1/vms', options)).toMatchObject({ status: 202 });
});

const raw = async (bytes: string): Promise<string> => {
  const { hostname, port } = new URL(plane.gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(bytes);
  return text(socket);
};

test.each([
  ['bytes that are not HTTP', 'hello\r\n\r\n', 400, 'invalid-request'],
  ['headers too large', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  [
    'a request that never ends',
    `POST /v1/vms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKENS.operator}\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`,
    408,
    'request-timeout',
  ],
] as const)('%s: a problem on the socket, which is closed', async (_, bytes, status, code) => {
  const answer = await raw(bytes);
  expect(answer).toContain(`HTTP/1.1 ${status}`);
  expect(problemSchema.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)))).toMatchObject({ code, status });
});

test('a token in the URL or the body is in no answer, and a wrong one gets no details', async () => {
  const answer = await plane.call('GET', '/v1/vms?token=ironlog_canary', {
    headers: { authorization: 'Bearer ironlog_canary' },
    as: 'nobody',
  });
  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect(JSON.stringify(answer.body)).not.toContain('canary');
  expect(answer.headers.get('www-authenticate')).toContain('Bearer');
});

test("requests beyond a token's rate are 429, and another token is not affected", async () => {
  const slow = await startGateway(plane.nats, { IRONLOG_REQUESTS_PER_SECOND: '5' });
  try {
    const answers = await Promise.all(Array.from({ length: 30 }, () => slow.call('GET', '/v1/vms')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(problemSchema.parse(refused[0]?.body)).toMatchObject({ code: 'too-many-requests', retryable: true });
    expect((await slow.call('GET', '/v1/vms', { as: 'viewer' })).status).toBe(200);
  } finally {
    await slow.stop();
  }
});
