// A console followed over HTTP, from the guest through its host and NATS to a client: whole, in order, and to its end.
import { connect } from 'node:net';
import { consoleGapSchema, consoleOutputSchema, problemSchema } from '@ironlog/schemas';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';

let test: TestPlane;
beforeAll(async () => {
  test = await startTestPlane({ extra: { 'vm-executor': { IRONLOG_CONSOLE_BYTES: '65536' } } });
}, 120_000);
afterAll(() => test.stop());

const opened: AbortController[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.abort();
});

const start = (id: string, kernelArgs = '') =>
  test.command('POST', '/v1/vms', { id, start: true, spec: { kernelArgs } });
const headersFor = (accept: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${test.plane.token}`,
  accept,
  ...more,
});

interface Frame {
  readonly id: number;
  readonly event: string | undefined;
  readonly data: unknown;
}
const parse = (text: string): Frame[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      if (fields.has('retry')) return [];
      const data = fields.get('data');
      return [{ id: Number(fields.get('id')), event: fields.get('event'), data: data && JSON.parse(data) }];
    });
/** What the guest printed, as it was read; every byte is at the place that the one before it says. */
const printed = (frames: readonly Frame[]): string => {
  let position = frames[0]?.id ?? 0;
  return frames
    .flatMap(({ event, data, id }) => {
      if (event === 'gap') {
        const { from, skippedBytes } = consoleGapSchema.parse(data);
        expect(from).toBe(position);
        position = from + skippedBytes;
      }
      if (event !== 'output') return [];
      const { from, base64 } = consoleOutputSchema.parse(data);
      expect(from).toBe(position);
      const bytes = Buffer.from(base64, 'base64');
      position = from + bytes.length;
      expect(id).toBe(position);
      return [bytes.toString()];
    })
    .join('');
};

const follow = async (id: string, query = '', more: Record<string, string> = {}) => {
  const leaving = new AbortController();
  opened.push(leaving);
  const response = await fetch(`${test.plane.http}/v1/vms/${id}/console?follow=true${query}`, {
    headers: headersFor('text/event-stream', more),
    signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(110_000)]),
  });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    leave: () => leaving.abort(),
    /** All frames so far, once `enough` says so or the stream has ended. */
    until: async (enough: (frames: Frame[]) => boolean): Promise<Frame[]> => {
      while (!enough(parse(text))) {
        const part = await reader?.read();
        if (!part || part.done) break;
        text += part.value;
      }
      return parse(text);
    },
  };
};
const count = (text: string, word: string): number => text.split(word).length - 1;

it('goes on over reboots and a restart of the executor, and ends with the VM', async () => {
  await start('talks');
  const stream = await follow('talks');
  await stream.until((frames) => printed(frames).includes('ironlog-guest: ready'));
  await test.command('POST', '/v1/vms/talks/reboot');
  await stream.until((frames) => count(printed(frames), 'ironlog-guest: ready') === 2);
  const { supervisor } = test.plane;
  const executor = supervisor.pidOf('vm-executor');
  process.kill(executor ?? 0, 'SIGKILL');
  await until('the executor is another', () => (supervisor.pidOf('vm-executor') === executor ? undefined : true));
  await test.command('POST', '/v1/vms/talks/shutdown');
  await stream.until((frames) => count(printed(frames), 'reboot: Power down') === 2);
  await test.command('DELETE', '/v1/vms/talks');
  const frames = await stream.until(() => false);
  expect(frames.at(-1)).toMatchObject({ event: 'end' });
  expect(problemSchema.parse(frames.at(-1)?.data)).toMatchObject({ code: 'vm-deleted' });
  expect(frames.filter(({ event }) => event === 'gap')).toEqual([]);
}, 110_000);

it('is gone on with by a client that comes back, after the last byte that it has', async () => {
  await start('resumed');
  const stream = await follow('resumed');
  const frames = await stream.until((all) => printed(all).includes('ironlog-guest: ready'));
  stream.leave();
  const seen = frames.findLast(({ event }) => event === 'output')?.id ?? 0;
  await test.command('POST', '/v1/vms/resumed/shutdown');
  const again = await follow('resumed', '', { 'last-event-id': String(seen) });
  const rest = printed(await again.until((all) => printed(all).includes('reboot: Power down')));
  expect(rest.startsWith('[')).toBe(true);
  expect(rest).not.toContain('ironlog-guest: ready');
});

it('is text as the guest prints it, where that is asked for', async () => {
  await start('plain');
  const leaving = new AbortController();
  opened.push(leaving);
  const response = await fetch(`${test.plane.http}/v1/vms/plain/console?follow=true`, {
    headers: headersFor('text/plain'),
    signal: leaving.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const reading = response.text();
  await test.command('DELETE', '/v1/vms/plain?force=true');
  const text = await reading;
  expect(text).toContain('ironlog-guest: ready\n');
  expect(text).toMatch(/\n\[ironlog: the stream ends: VM plain is deleted\]\n$/);
});

it('costs a reader that does not read what the host keeps no longer, and says how much', async () => {
  await start('floods', 'sim.print=20000');
  // A bare socket: what the client's own library reads ahead is not read.
  const url = new URL(test.plane.http);
  const socket = connect(Number(url.port), url.hostname);
  const headers = Object.entries(headersFor('text/event-stream')).map(([name, value]) => `${name}: ${value}`);
  socket.write(
    ['GET /v1/vms/floods/console?follow=true HTTP/1.1', `host: ${url.host}`, ...headers, '', ''].join('\r\n'),
  );
  socket.pause();
  const sizeOf = async () => (await test.http<{ sizeBytes: number }>('GET', '/v1/vms/floods/console')).body.sizeBytes;
  await until(
    'the guest has printed more than all buffers hold',
    async () => ((await sizeOf()) > 20_000_000 ? true : undefined),
    60_000,
  );
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.resume();
  const skipped = (): number =>
    [...text.matchAll(/event: gap\ndata: (\{.*\})\n/g)].reduce(
      (sum, [, data = '']) => sum + consoleGapSchema.parse(JSON.parse(data)).skippedBytes,
      0,
    );
  await until('the gap is said', () => (skipped() > 1_000_000 ? true : undefined), 60_000);
  socket.destroy();
}, 120_000);

it('ends when its host falls silent for good, and is refused where nothing of it can be had', async () => {
  await start('silent');
  const stream = await follow('silent');
  await stream.until((frames) => printed(frames).includes('ironlog-guest: ready'));
  const executor = test.plane.supervisor.pidOf('vm-executor') ?? 0;
  process.kill(executor, 'SIGSTOP');
  try {
    const frames = await stream.until(() => false);
    expect(problemSchema.parse(frames.at(-1)?.data)).toMatchObject({ code: 'host-unreachable', retryable: true });
    const refused = await test.http('GET', '/v1/vms/silent/console?follow=true', { headers: { accept: 'text/plain' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'host-unreachable' } });
  } finally {
    process.kill(executor, 'SIGCONT');
  }
  const asked = (path: string, accept = 'text/event-stream', more = {}) =>
    test.http(`GET`, path, { headers: { accept, ...more } });
  expect(await asked('/v1/vms/silent/console?follow=true', 'application/json')).toMatchObject({ status: 406 });
  expect(await asked('/v1/vms/nobody/console?follow=true')).toMatchObject({ status: 404 });
  expect(
    await asked('/v1/vms/silent/console?follow=true', 'text/event-stream', { 'last-event-id': 'x' }),
  ).toMatchObject({ status: 400 });
}, 110_000);
