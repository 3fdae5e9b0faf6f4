// The environment of the rows: one plane with a second tenant's token, a VM in each required state, and a tail of the log.
import { join } from 'node:path';
import { inboxPrefix } from '@ironlog/infra';
import type { CommandRejected, Operation, VmView } from '@ironlog/schemas';
import { hashToken, newToken, writeTokenFile } from '@ironlog/service-kit';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startTestPlane, type TestPlane } from '../harness/plane.ts';
import { CREATE_KEY, HOME, OTHER_TENANT, VMS } from './table/names.ts';

export interface World {
  readonly test: TestPlane;
  readonly otherTenantsToken: string;
  /** The streams and consumers, by the provisioner's connection. */
  readonly manager: JetStreamManager;
  /** A JetStream client of any of the server's users. */
  as(user: string): Promise<JetStreamClient>;
  /** Stored rejections so far, by the command's id. */
  readonly rejections: ReadonlyMap<string, CommandRejected>;
  /** Of the four services at the start. */
  readonly pids: Readonly<Record<string, number | undefined>>;
  /** The VMs before the first row. */
  readonly before: readonly VmView[];
  stop(): Promise<void>;
}

export const pidsOf = ({ plane }: TestPlane): Record<string, number | undefined> =>
  Object.fromEntries(plane.services.map(({ name }) => [name, plane.supervisor.pidOf(name)]));

export const vmsOf = (test: TestPlane): Promise<VmView[]> => Promise.all(Object.values(VMS).map((id) => test.vm(id)));

export const createWorld = async (): Promise<World> => {
  const test = await startTestPlane();
  const { plane, log } = test;
  const connections = new Map<string, NatsConnection>();
  const connection = async (user: string): Promise<NatsConnection> => {
    const open =
      connections.get(user) ??
      (await connect({
        servers: plane.nats.url,
        user,
        pass: plane.nats.credentials.passwordOf(user),
        ...(user !== plane.natsUser && { inboxPrefix: inboxPrefix(user) }),
      }));
    connections.set(user, open);
    return open;
  };

  const otherTenantsToken = newToken();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  writeTokenFile(join(plane.stateDir, 'tokens.json'), [
    { id: 'dev', hash: hashToken(plane.token), tenant: HOME, role: 'admin', expiresAt },
    { id: 'foreign', hash: hashToken(otherTenantsToken), tenant: OTHER_TENANT, role: 'admin', expiresAt },
  ]);

  const succeed = async (method: string, path: string, body?: object, headers = {}): Promise<void> => {
    const answer = await test.http<Operation>(method, path, { wait: 40, headers, ...(body && { body }) });
    if (answer.body.status !== 'succeeded') throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  };
  await succeed('POST', '/v1/vms', { id: VMS.running, start: true }, { 'idempotency-key': CREATE_KEY });
  await succeed('POST', '/v1/vms', { id: VMS.created });
  await succeed('POST', '/v1/vms', { id: VMS.deleted });
  await succeed('DELETE', `/v1/vms/${VMS.deleted}`);

  const rejections = new Map<string, CommandRejected>();
  const listening = new AbortController();
  const tail = log.tail({
    after: 0,
    signal: listening.signal,
    onBatch: (batch) => {
      for (const { read } of batch)
        if (read.ok && read.stored.kind === 'rejection')
          rejections.set(read.stored.event.causationid, read.stored.event);
    },
  });
  return {
    test,
    otherTenantsToken,
    manager: await jetstreamManager(await connection('provisioner')),
    as: async (user) => jetstream(await connection(user)),
    rejections,
    pids: pidsOf(test),
    before: await vmsOf(test),
    stop: async () => {
      listening.abort();
      await tail;
      for (const open of connections.values()) await open.close();
      await test.stop();
    },
  };
};
