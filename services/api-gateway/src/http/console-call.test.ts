// The result of a console request for each answer of a host, and for none.
import { hostId, tenantId, vmId } from '@ironlog/schemas';
import { createLogger } from '@ironlog/service-kit';
import type { Msg } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { consoleCall } from './console-call.ts';

const TEXT = { ok: true, text: 'aGVsbG8=', size: 5 };
const noResponders = (): never => {
  throw new Error('no responders: ironlog.rpc.host-1.console');
};
/** The reply; one that throws stands for no reply. */
let reply: () => unknown;
let logged: string[];
let ask: () => Promise<unknown>;

beforeEach(() => {
  logged = [];
  const request = async (): Promise<Msg> => {
    const body = reply();
    return { json: () => body } as Msg;
  };
  const logger = createLogger({ service: 'test', to: { write: (line) => void logged.push(line) } });
  const call = consoleCall({ connection: { request }, logger });
  ask = () => call({ host: hostId('host-1'), tenant: tenantId('acme'), vmId: vmId('vm-1'), tailBytes: 100 });
});

test.each([
  ['its text', TEXT, { kind: 'text', base64: 'aGVsbG8=', sizeBytes: 5 }],
  ['that there is none', { ok: false, code: 'none', reason: 'no file' }, { kind: 'none', reason: 'no file' }],
])("a host's answer %s is passed on", async (_, body, expected) => {
  reply = () => body;
  expect(await ask()).toEqual(expected);
  expect(logged).toEqual([]);
});

test.each([
  ['gives no answer', noResponders, 'no responders'],
  ['answers what is no console', () => ({ ok: true, text: 7 }), 'ZodError'],
])('a host that %s is unreachable for the tenant, and the log has the cause', async (_, answer, why) => {
  reply = answer;
  expect(await ask()).toEqual({ kind: 'unreachable' });
  expect(JSON.parse(logged[0] ?? '')).toMatchObject({ level: 'warn', hostId: 'host-1' });
  expect(logged[0]).toContain(why);
});

test('a silent host is logged once until it answers', async () => {
  reply = noResponders;
  for (let asked = 0; asked < 3; asked += 1) await ask();
  expect(logged).toHaveLength(1);
  reply = () => TEXT;
  await ask();
  reply = noResponders;
  await ask();
  expect(logged).toHaveLength(2);
});
