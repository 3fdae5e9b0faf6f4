import { jetstream } from '@nats-io/jetstream';
import { afterAll, beforeAll } from 'vitest';
import type { LogUnderTest } from '../conformance/log-under-test.ts';
import { describeEventLog } from '../conformance.ts';
import { startServer, type TestServer } from '../fixtures/nats-server.fixture.ts';
import { startProxy, type TcpProxy } from '../fixtures/tcp-proxy.fixture.ts';
import type { Observe } from '../observation.ts';
import { createEventLog } from './event-log.ts';

let server: TestServer;
let proxy: TcpProxy;
let underTest: LogUnderTest;
let close: () => Promise<void>;

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.port);
  const [proxied, direct] = [await server.connect([proxy.port]), await server.connect()];
  close = async () => {
    await Promise.all([proxied.close(), direct.close()]);
    await proxy.close();
  };
  let failed = 0;
  const observe: Observe = ({ kind }) => {
    if (kind === 'retry') failed += 1;
  };
  underTest = {
    log: await createEventLog({ connection: proxied, requestTimeoutMs: 400, observe }),
    other: await createEventLog({ connection: direct }),
    lose: proxy.lose,
    failedAttempts: () => failed,
    write: async ({ subject, bytes, messageId }) =>
      (await jetstream(direct).publish(subject, bytes, messageId === undefined ? {} : { msgID: messageId })).seq,
  };
}, 30_000);

afterAll(async () => {
  await close?.();
  await server?.remove();
});

describeEventLog('on nats-server', () => underTest);
