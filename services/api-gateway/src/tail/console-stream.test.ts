// A followed console: each byte once, gaps told, no more than one part held, and every end of it said.
import { hostId, tenantId, vmId } from '@ironlog/schemas';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConsoleFollowQuestion, ConsolePart } from '../http/api.ts';
import { type ConsoleFrame, type ConsoleStream, streamConsole } from './console-stream.ts';

const QUESTION = { host: hostId('host-1'), tenant: tenantId('acme'), vmId: vmId('vm-1'), tailBytes: 10 };
const part = (from: number, text: string): Extract<ConsolePart, { kind: 'part' }> => ({
  kind: 'part',
  from,
  bytes: Buffer.from(text),
  end: from + text.length,
});

let asked: ConsoleFollowQuestion[];
let answers: (ConsolePart | Promise<ConsolePart>)[];
let now: number;
let refused: string | undefined;
let leaving: AbortController;
let deleted: PromiseWithResolvers<string>;
beforeEach(() => {
  [asked, answers, now, refused] = [[], [], 0, undefined];
  leaving = new AbortController();
  deleted = Promise.withResolvers();
});

const open = (more: Partial<ConsoleStream<string>> = {}) =>
  streamConsole<string>(
    {
      ask: async (question) => {
        asked.push(question);
        return answers.shift() ?? { kind: 'none', reason: 'no more answers' };
      },
      monotonicMs: () => now,
    },
    {
      question: QUESTION,
      first: part(0, ''),
      heartbeatMs: 5000,
      silentMs: 15_000,
      retryMs: 1,
      refusal: () => refused,
      deleted: deleted.promise,
      unavailable: (reason) => `unavailable: ${reason}`,
      silent: () => 'silent',
      signal: leaving.signal,
      ...more,
    },
  );
const said = (frame: ConsoleFrame<string>): string => {
  switch (frame.kind) {
    case 'output':
      return `${frame.from} ${frame.bytes.toString()}`;
    case 'gap':
      return `gap ${frame.from}+${frame.skippedBytes}`;
    case 'mark':
      return `at ${frame.position}`;
    case 'end':
      return `end ${frame.ending}`;
    default:
      return frame satisfies never;
  }
};
const all = async (frames: AsyncIterable<ConsoleFrame<string>>): Promise<string[]> => {
  const texts: string[] = [];
  for await (const frame of frames) texts.push(said(frame));
  return texts;
};

test('each byte once, in order; what waited in vain is a mark', async () => {
  answers = [part(13, 'b'), part(14, ''), part(14, 'cd')];
  expect(await all(open({ first: part(10, 'aaa') }))).toEqual([
    'at 10',
    '10 aaa',
    '13 b',
    'at 14',
    '14 cd',
    'end unavailable: no more answers',
  ]);
  expect(asked.map(({ from, waitMs }) => [from, waitMs])).toEqual([13, 14, 14, 16].map((from) => [from, 5000]));
});

test('bytes that the host keeps no longer are a gap, also for a client that comes back', async () => {
  answers = [part(200, 'z')];
  const [begin, gap, ...rest] = await all(open({ first: part(90, 'xx'), position: 40 }));
  expect([begin, gap]).toEqual(['at 40', 'gap 40+50']);
  expect(rest).toEqual(['90 xx', 'gap 92+108', '200 z', 'end unavailable: no more answers']);
});

test('a console that begins anew on its host is gone on with from there', async () => {
  expect((await all(open({ first: part(3, ''), position: 50 }))).slice(0, 2)).toEqual(['at 50', 'at 3']);
});

test('nothing is asked for before the reader has taken what there is', async () => {
  answers = Array.from({ length: 100 }, (_, n) => part(n, 'x'));
  const frames = open();
  for (let taken = 0; taken < 4; taken += 1) await frames.next();
  // Two frames of the first answer, and one of each of the others.
  expect(asked).toHaveLength(2);
});

describe('it ends', () => {
  test('when the VM is deleted, also while the host waits for output', async () => {
    answers = [new Promise(() => undefined)];
    const frames = all(open());
    deleted.resolve('deleted');
    expect((await frames).at(-1)).toBe('end deleted');
  });

  test('without a word when its reader has gone', async () => {
    answers = [new Promise(() => undefined)];
    const frames = all(open());
    leaving.abort();
    expect(await frames).toEqual(['at 0', 'at 0']);
    expect(await all(open())).toEqual(['at 0', 'at 0']);
  });

  test('when the token no longer holds, at a heartbeat', async () => {
    answers = [part(0, 'a'), part(1, 'secret')];
    const frames = open();
    await frames.next();
    await frames.next();
    refused = 'revoked';
    expect(await frames.next()).toMatchObject({ value: { kind: 'output' } });
    now = 5000;
    expect(await frames.next()).toMatchObject({ value: { kind: 'end', ending: 'revoked' } });
    expect(await frames.next()).toMatchObject({ done: true });
  });

  test('when the host has been silent for long, and not when its executor was only restarted', async () => {
    const silence = Array.from({ length: 3 }, (): ConsolePart => ({ kind: 'unreachable' }));
    answers = [...silence, part(0, 'back'), ...silence];
    const frames = open({ retryMs: 0 });
    const texts: string[] = [];
    for await (const frame of frames) {
      texts.push(said(frame));
      now += 4000;
    }
    expect(texts).toEqual([
      'at 0',
      'at 0',
      'at 0',
      'at 0',
      'at 0',
      '0 back',
      'at 4',
      'at 4',
      'at 4',
      'end unavailable: no more answers',
    ]);
    answers = Array.from({ length: 9 }, (): ConsolePart => ({ kind: 'unreachable' }));
    now = 0;
    const gone: string[] = [];
    for await (const frame of open({ retryMs: 0 })) {
      gone.push(said(frame));
      now += 4000;
    }
    expect(gone.at(-1)).toBe('end silent');
  });
});
