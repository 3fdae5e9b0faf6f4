// A followed console: existing output is returned at once, later output when it is printed, and the host never blocks.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consoleFollowReplySchema, hostId, tenantId, vmId } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import type { Msg, NatsConnection, SubscriptionOptions } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StateDirectory } from '../host/state-directory.ts';
import { rotateConsole } from './console-file.ts';
import { type ConsoleFollows, serveConsoleFollows } from './console-follow-rpc.ts';
import { ConsoleWatch } from './console-watch.ts';

const HOST = hostId('host-1');
const REF = { tenant: tenantId('acme'), vmId: vmId('vm-1') };
let root: string;
let directory: string;
let consoles: ConsoleWatch;
let follows: ConsoleFollows;
let ask: (question?: object) => Promise<unknown>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  const state = new StateDirectory(root, HOST);
  directory = state.directoryOf(REF);
  mkdirSync(directory, { recursive: true });
  consoles = new ConsoleWatch({ keepBytes: 65_536, onError: (error) => expect(error).toBeUndefined() });
  let serve: SubscriptionOptions['callback'];
  const connection: Pick<NatsConnection, 'subscribe'> = {
    subscribe: (_, options) => {
      serve = options?.callback;
      return { unsubscribe: () => undefined } as never;
    },
  };
  const logger = createLogger({ service: 'test', level: 'fatal' });
  follows = serveConsoleFollows({ connection, host: HOST, state, consoles, logger });
  ask = (question = {}) =>
    new Promise((resolve) => {
      const message: Partial<Msg> = {
        json: <T>() => ({ ...REF, tailBytes: 100, waitMs: 0, ...question }) as T,
        respond: (answer) => {
          const reply = consoleFollowReplySchema.parse(JSON.parse(String(answer)));
          resolve(reply.ok ? [reply.from, Buffer.from(reply.text, 'base64').toString(), reply.end] : reply.code);
          return true;
        },
      };
      serve?.(null, message as Msg);
    });
});
afterEach(() => {
  follows.stop();
  consoles.stop();
  rmSync(root, { recursive: true, force: true });
  expect(follows.waiting).toBe(0);
});
const print = (text: string): void => appendFileSync(join(directory, 'console.log'), text);

test('begins with the newest bytes, and goes on after a position', async () => {
  print('0123456789');
  expect(await ask({ tailBytes: 4 })).toEqual([6, '6789', 10]);
  expect(await ask({ from: 3 })).toEqual([3, '3456789', 10]);
  expect(await ask({ from: 10 })).toEqual([10, '', 10]);
});

test('waits for what comes, with the question that it has and no more', async () => {
  consoles.watch(directory);
  print('old');
  const answer = ask({ from: 3, waitMs: 8000 });
  expect(follows.waiting).toBe(1);
  print('new');
  expect(await answer).toEqual([3, 'new', 6]);
  expect(follows.waiting).toBe(0);
});

test('waits for the first byte of a guest that has not printed', async () => {
  expect(await ask({ waitMs: 8000 })).toEqual([0, '', 0]);
  consoles.watch(directory);
  const answer = ask({ from: 0, waitMs: 8000 });
  print('first');
  expect(await answer).toEqual([0, 'first', 5]);
});

test('what was rotated away is a gap: the answer begins after the position', async () => {
  print('x'.repeat(100));
  rotateConsole(directory, 10);
  expect(await ask({ from: 20, waitMs: 8000 })).toEqual([90, 'x'.repeat(10), 100]);
});

test('a position after the end, as of a console that was lost, is answered from the end', async () => {
  print('abc');
  expect(await ask({ from: 50, waitMs: 8000 })).toEqual([3, '', 3]);
});

test('an answer fits a NATS message however much there is', async () => {
  print('x'.repeat(200_000));
  expect(await ask({ from: 0 })).toEqual([0, 'x'.repeat(45_000), 200_000]);
});

test('answers with nothing when the time is over, and that a VM is gone when it is', async () => {
  vi.useFakeTimers();
  try {
    const empty = ask({ from: 0, waitMs: 5000 });
    vi.advanceTimersByTime(5000);
    expect(await empty).toEqual([0, '', 0]);
    const gone = ask({ from: 0, waitMs: 5000 });
    rmSync(directory, { recursive: true });
    vi.advanceTimersByTime(5000);
    expect(await gone).toBe('console-not-available');
  } finally {
    vi.useRealTimers();
  }
});

test('a VM that is not here has no console, and no question waits for it', async () => {
  expect(await ask({ vmId: 'vm-2', waitMs: 8000 })).toBe('console-not-available');
});

test('more questions than are held are refused', async () => {
  const held = Array.from({ length: 1000 }, () => ask({ from: 0, waitMs: 8000 }));
  expect(await ask({ from: 0, waitMs: 8000 })).toBe('overloaded');
  follows.stop();
  expect(new Set((await Promise.all(held)).map(String))).toEqual(new Set(['0,,0']));
});

test.each([{ from: -1 }, { waitMs: 9000 }, { tailBytes: 0 }, { vmId: '../x' }, { more: 1 }])(
  '%j is no question',
  async (question) => {
    expect(await ask(question)).toBe('invalid-request');
  },
);

test('one that cannot be read is so in plain words, also while a question waits', async () => {
  mkdirSync(join(directory, 'console.log'));
  expect(await ask({ waitMs: 8000 })).toBe('failed');
});
