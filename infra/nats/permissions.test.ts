// NATS permissions, checked on a real nats-server: P9 in the CONTROL account, and the isolation of the tenants'
// accounts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostId, STREAMS, tenantId } from '@ironlog/schemas';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNatsServer } from '../dev/setup/nats-server.ts';
import { MAX_PAYLOAD_BYTES } from './config-file.ts';
import { type NatsProcess, startNats } from './nats-process.ts';
import { openSession, type Session } from './session.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'ironlog-permissions-'));
let server: NatsProcess;
let manager: JetStreamManager;
const sessions = new Map<string, Session>();

const as = async (user: string): Promise<Session> => {
  const session = sessions.get(user) ?? (await openSession(server, user));
  sessions.set(user, session);
  return session;
};
const lastSequence = async (stream: string): Promise<number> => (await manager.streams.info(stream)).state.last_seq;

beforeAll(async () => {
  server = await startNats({
    binary: await findNatsServer(),
    directory,
    hosts: [hostId('host-1'), hostId('host-2')],
    tenants: [tenantId('dev'), tenantId('acme')],
  });
  manager = await jetstreamManager((await as('provisioner')).connection);
});
afterAll(async () => {
  for (const { connection } of sessions.values()) await connection.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("a tenant's client", () => {
  const COMMAND = 'ironlog.cmd.dev.vm-1.boot';

  it("gets the stream's acknowledgement of its command", async () => {
    const { connection } = await as('client-dev');
    const answer = await connection.request(COMMAND, '{}', { timeout: 5000 });
    expect(answer.json()).toEqual({ stream: STREAMS.commands, seq: await lastSequence(STREAMS.commands) });
  });

  it('is stored, although another tenant has just published with the same message id', async () => {
    const publish = async (user: string, subject: string): Promise<unknown> => {
      const named = headers();
      named.set('Nats-Msg-Id', 'deploy-42');
      return (await (await as(user)).connection.request(subject, '{}', { timeout: 5000, headers: named })).json();
    };
    expect(await publish('client-dev', COMMAND)).not.toHaveProperty('duplicate');
    // The server's shortest window is a tenth of a second.
    await expect.poll(() => publish('client-acme', 'ironlog.cmd.acme.vm-1.boot')).not.toHaveProperty('duplicate');
  });

  it('gets its acknowledgement with a JetStream publish of a client that sets only URL, user and password', async () => {
    const pass = server.credentials.passwordOf('client-dev');
    const stock = await connect({ servers: server.url, user: 'client-dev', pass });
    const acknowledged = await jetstream(stock).publish(COMMAND, '{}');
    expect(acknowledged).toMatchObject({ stream: STREAMS.commands, seq: await lastSequence(STREAMS.commands) });
    await stock.close();
  });

  it("does not receive another tenant's acknowledgements, though both use the default inbox", async () => {
    const { connection: other } = await as('client-acme');
    const received: string[] = [];
    const subscription = other.subscribe('_INBOX.>', { callback: (_, message) => void received.push(message.subject) });
    await other.flush();
    await (await as('client-dev')).connection.request(COMMAND, '{}', { timeout: 5000 });
    // Its own request is answered after the other's: any message would have arrived by then.
    await other.request('ironlog.cmd.acme.vm-1.boot', '{}', { timeout: 5000 });
    expect(received).toHaveLength(1);
    subscription.unsubscribe();
  });

  it('may publish without waiting for an answer', async () => {
    const before = await lastSequence(STREAMS.commands);
    expect(await (await as('client-dev')).mayPublish(COMMAND)).toBe(true);
    await expect.poll(() => lastSequence(STREAMS.commands)).toBe(before + 1);
  });

  it('cannot command for another tenant', async () => {
    const before = await lastSequence(STREAMS.commands);
    expect(await (await as('client-dev')).mayPublish('ironlog.cmd.acme.vm-1.boot')).toBe(false);
    expect(await lastSequence(STREAMS.commands)).toBe(before);
  });

  it('cannot publish more than the limit', async () => {
    const before = await lastSequence(STREAMS.commands);
    const { connection } = await as('client-dev');
    expect(() => connection.publish(COMMAND, new Uint8Array(MAX_PAYLOAD_BYTES + 1))).toThrow(/max_payload/i);
    expect(await lastSequence(STREAMS.commands)).toBe(before);
  });

  it.each([
    'ironlog.evt.vm.dev.vm-1.host-1.fact',
    'ironlog.work.host-1.dev.vm-1.boot',
    'ironlog.cmd.acme.vm-1.delete',
    '$KV.HOSTS.host-1',
  ])('cannot have the acknowledgement sent to %s', async (reply) => {
    const streams = [STREAMS.events, STREAMS.work, STREAMS.commands, 'KV_HOSTS'];
    const before = await Promise.all(streams.map(lastSequence));
    const client = await as('client-dev');
    await client.mayPublish(COMMAND, { reply });
    // Answered in order over the same connection and stream: the first request has had its effect by then.
    await client.connection.request(COMMAND, '{}', { timeout: 5000 });
    const [events = 0, work = 0, commands = 0, heartbeats = 0] = before;
    expect(await Promise.all(streams.map(lastSequence))).toEqual([events, work, commands + 2, heartbeats]);
  });

  it.each(['ironlog.>', '>', '_INBOX_gateway.>', '$SYS.>', '$KV.>', 'ironlog.cmd.dev.>'])(
    'cannot listen to %s',
    async (subject) => {
      expect(await (await as('client-dev')).maySubscribe(subject)).toBe(false);
    },
  );

  it.each(['$JS.API.INFO', '$JS.API.STREAM.DELETE.EVENTS', 'ironlog.rpc.host-1.console', '$JS.ACK.WORK.>'])(
    'cannot publish to %s',
    async (subject) => {
      expect(await (await as('client-dev')).mayPublish(subject)).toBe(false);
    },
  );
});

describe('a service', () => {
  it.each([
    ['executor-host-1', 'ironlog.evt.vm.dev.vm-1.host-1.fact'],
    ['executor-host-1', 'ironlog.evt.vm.dev.vm-1.host-1.failure'],
    ['executor-host-1', 'ironlog.evt.cmd.dev.host-1.rejected'],
    ['executor-host-1', 'ironlog.evt.host.host-1.host-1.fact'],
    ['executor-host-1', '$KV.HOSTS.host-1'],
    ['gateway', 'ironlog.work.any.dev.vm-1.create'],
    ['gateway', 'ironlog.work.host-1.dev.vm-1.boot'],
    ['gateway', 'ironlog.evt.vm.dev.vm-1.gateway.fact'],
    ['gateway', 'ironlog.evt.cmd.dev.gateway.rejected'],
    ['gateway', 'ironlog.rpc.host-1.console'],
    ['gateway', 'ironlog.rpc.host-1.console-follow'],
    ['gateway', 'ironlog.evt.image.alpine-1.gateway.fact'],
    ['gateway', '$O.IMAGES.C.abc'],
    ['gateway', '$O.IMAGES.M.abc'],
    ['gateway', '$JS.API.STREAM.PURGE.OBJ_IMAGES'],
    ['executor-host-1', '$JS.API.CONSUMER.CREATE.OBJ_IMAGES.image-1.$O.IMAGES.C.abc'],
    ['recovery', 'ironlog.work.host-1.dev.vm-1.cleanup'],
    ['recovery', 'ironlog.evt.vm.dev.vm-1.recovery.fact'],
    ['recovery', 'ironlog.evt.host.host-1.recovery.failure'],
    ['recovery', '$JS.API.CONSUMER.MSG.NEXT.EVENTS.recovery-failures'],
    ['executor-host-1', '$JS.API.CONSUMER.MSG.NEXT.WORK.executor-host-1'],
    ['projector', '$JS.API.CONSUMER.CREATE.EVENTS.of-its-own'],
  ])('%s may publish to %s', async (user, subject) => {
    expect(await (await as(user)).mayPublish(subject)).toBe(true);
  });

  it.each([
    ['executor-host-1', 'ironlog.evt.vm.dev.vm-1.host-2.fact'],
    ['executor-host-1', 'ironlog.evt.vm.dev.vm-1.recovery.fact'],
    ['executor-host-1', 'ironlog.evt.vm.dev.vm-1.gateway.fact'],
    ['executor-host-1', 'ironlog.evt.cmd.dev.host-2.rejected'],
    ['executor-host-1', 'ironlog.evt.host.host-2.host-1.fact'],
    ['executor-host-1', 'ironlog.evt.host.host-2.host-2.fact'],
    ['executor-host-1', '$KV.HOSTS.host-2'],
    ['executor-host-1', 'ironlog.work.host-1.dev.vm-1.boot'],
    ['executor-host-1', 'ironlog.cmd.dev.vm-1.boot'],
    ['executor-host-1', '$JS.API.CONSUMER.MSG.NEXT.WORK.executor-host-2'],
    ['executor-host-1', '$JS.ACK.WORK.executor-host-2.1.1.1.1.0'],
    ['executor-host-1', '$JS.API.DIRECT.GET.EVENTS'],
    ['executor-host-1', '$JS.API.DIRECT.GET.KV_HOSTS.$KV.HOSTS.host-2'],
    ['executor-host-1', '$JS.API.STREAM.DELETE.EVENTS'],
    ['executor-host-1', '$JS.API.STREAM.PURGE.EVENTS'],
    ['executor-host-1', '$JS.API.STREAM.UPDATE.EVENTS'],
    ['executor-host-1', '$JS.API.CONSUMER.DELETE.WORK.executor-host-1'],
    ['executor-host-1', '$JS.API.CONSUMER.DELETE.EVENTS.recovery-failures'],
    ['executor-host-1', '$JS.API.CONSUMER.CREATE.EVENTS.recovery-failures'],
    ['executor-host-1', '$JS.API.CONSUMER.CREATE.EVENTS.recovery-failures.ironlog.evt.>'],
    ['executor-host-1', '$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.recovery-failures'],
    ['executor-host-1', '$JS.API.CONSUMER.MSG.NEXT.EVENTS.recovery-failures'],
    ['executor-host-1', '$JS.API.CONSUMER.CREATE.EVENTS'],
    ['executor-host-1', '$O.IMAGES.C.abc'],
    ['executor-host-1', '$O.IMAGES.M.abc'],
    ['executor-host-1', '$JS.API.STREAM.PURGE.OBJ_IMAGES'],
    ['executor-host-1', 'ironlog.evt.image.alpine-1.gateway.fact'],
    ['recovery', '$O.IMAGES.C.abc'],
    ['projector', '$O.IMAGES.M.abc'],
    ['projector', '$JS.API.CONSUMER.DELETE.WORK.executor-host-1'],
    ['projector', '$JS.API.CONSUMER.MSG.NEXT.WORK.executor-host-1'],
    ['recovery', '$JS.API.CONSUMER.DELETE.EVENTS.recovery-failures'],
    ['gateway', 'ironlog.evt.vm.dev.vm-1.host-1.fact'],
    ['gateway', 'ironlog.evt.vm.dev.vm-1.recovery.fact'],
    ['gateway', 'ironlog.evt.host.host-1.host-1.fact'],
    ['gateway', '$KV.HOSTS.host-1'],
    ['gateway', '$JS.API.STREAM.CREATE.OTHER'],
    ['gateway', '$JS.API.STREAM.PURGE.EVENTS'],
    ['gateway', '$JS.API.STREAM.DELETE.OBJ_IMAGES'],
    ['recovery', 'ironlog.evt.vm.dev.vm-1.host-1.fact'],
    ['recovery', 'ironlog.evt.cmd.dev.gateway.rejected'],
    ['recovery', 'ironlog.rpc.host-1.console'],
    ['executor-host-1', 'ironlog.rpc.host-2.console-follow'],
    ['projector', 'ironlog.evt.vm.dev.vm-1.recovery.fact'],
    ['projector', 'ironlog.work.host-1.dev.vm-1.boot'],
    ['projector', '$KV.HOSTS.host-1'],
  ])('%s may not publish to %s', async (user, subject) => {
    expect(await (await as(user)).mayPublish(subject)).toBe(false);
  });

  it.each(['gateway', 'projector', 'recovery', 'executor-host-1'])(
    '%s receives only its own messages',
    async (user) => {
      const session = await as(user);
      for (const subject of [
        'ironlog.>',
        'ironlog.work.>',
        '_INBOX_provisioner.>',
        '_INBOX_executor-host-2.>',
        '$JS.>',
      ])
        expect([subject, await session.maySubscribe(subject)]).toEqual([subject, false]);
    },
  );

  it('an executor receives requests to its own host only', async () => {
    const session = await as('executor-host-1');
    expect(await session.maySubscribe('ironlog.rpc.host-1.>')).toBe(true);
    expect(await session.maySubscribe('ironlog.rpc.host-2.>')).toBe(false);
  });
});

describe('the log', () => {
  it('cannot be deleted from or purged, even by the provisioner', async () => {
    const { connection } = await as('executor-host-1');
    await connection.request('ironlog.evt.vm.dev.vm-1.host-1.fact', '{}', { timeout: 5000 });
    await expect(manager.streams.deleteMessage(STREAMS.events, 1)).rejects.toThrow();
    await expect(manager.streams.purge(STREAMS.events)).rejects.toThrow();
  });
});
