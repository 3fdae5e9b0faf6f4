// A host's answer about a console: its last bytes, or an error; no request leaks.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consolePathOf } from '@ironlog/hypervisor';
import { hostId, tenantId, vmId } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import type { Msg, NatsConnection, SubscriptionOptions } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StateDirectory } from '../host/state-directory.ts';
import { serveConsoles } from './console-rpc.ts';

const HOST = hostId('host-1');
const REF = { tenant: tenantId('acme'), vmId: vmId('vm-1') };
let root: string;
let ask: (question: unknown) => Record<string, unknown>;
let path: string;
const logged: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'il-'));
  const state = new StateDirectory(root, HOST);
  mkdirSync(state.directoryOf(REF), { recursive: true });
  path = consolePathOf(state.directoryOf(REF));
  logged.length = 0;
  const logger = createLogger({ service: 'test', to: { write: (line) => void logged.push(line) } });
  let serve: SubscriptionOptions['callback'];
  const connection: Pick<NatsConnection, 'subscribe'> = {
    subscribe: (_, options) => {
      serve = options?.callback;
      return undefined as never;
    },
  };
  serveConsoles({ connection, host: HOST, state, logger });
  ask = (question) => {
    const answers: string[] = [];
    const message: Partial<Msg> = {
      json: <T>() => question as T,
      respond: (answer) => answers.push(String(answer)) > 0,
    };
    serve?.(null, message as Msg);
    return JSON.parse(answers[0] ?? '');
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('the last bytes, as many as were requested', () => {
  writeFileSync(path, 'a console');
  expect(ask({ ...REF, tailBytes: 7 })).toEqual({ ok: true, text: Buffer.from('console').toString('base64'), size: 9 });
});

test('nothing was written', () => {
  expect(ask({ ...REF, tailBytes: 7 })).toMatchObject({ ok: false, code: 'console-not-available' });
});

test('one that cannot be read: the cause is in the log only, and no descriptor stays open', () => {
  mkdirSync(path);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let times = 0; times < 20; times += 1)
    expect(ask({ ...REF, tailBytes: 7 })).toEqual({
      ok: false,
      code: 'failed',
      reason: 'the console cannot be read on this host',
    });
  expect(open()).toBe(before);
  expect(logged[0]).toContain('EISDIR');
});
