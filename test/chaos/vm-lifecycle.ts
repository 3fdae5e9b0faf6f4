// One VM's lifecycle with every kind of side effect: commands by HTTP and NATS, a rejection, two crashes, recovery, a
// delete.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findUnder } from '@ironlog/hypervisor';
import { type CommandId, newCommandId, type VmView } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { TestPlane } from '../harness/plane.ts';
import { until } from '../harness/until.ts';
import { endedOperation, read, send } from './retrying-client.ts';

const vm = (test: TestPlane, id: string, wanted: (vm: VmView) => boolean): Promise<VmView> =>
  read<VmView>(test, `/v1/vms/${id}`, wanted);

/** As the tenant's client, which may only publish its commands. */
const publish = async (test: TestPlane, subject: string, body: object): Promise<CommandId> => {
  const { nats, natsUser: user, tenant } = test.plane;
  const pass = nats.credentials.passwordOf(user);
  const connection = await connect({ servers: nats.url, user, pass });
  try {
    const id = newCommandId();
    await jetstream(connection).publish(`ironlog.cmd.${tenant}.${subject}`, JSON.stringify({ id, ...body }));
    return id;
  } finally {
    await connection.close();
  }
};

const killProcess = async (test: TestPlane, id: string, epoch: number): Promise<void> => {
  const { identity } = await until(`the process of ${id} in epoch ${epoch}`, async () =>
    (await findUnder(join(test.plane.stateDir, 'host-1'))).find(
      (found) => found.directory.endsWith(`/${id}`) && found.epoch === epoch,
    ),
  );
  process.kill(identity.pid, 'SIGKILL');
};

/** Resolves when the VM is deleted, with the ids of the accepted commands. */
export const runLifecycle = async (test: TestPlane, id: string): Promise<readonly CommandId[]> => {
  const accepted: CommandId[] = [];
  const done = async (command: Promise<CommandId>): Promise<void> => {
    accepted.push(await command);
    await endedOperation(test, await command);
  };
  const restart = { policy: 'on-failure', maxAttempts: 1, backoffMs: 0 };
  await done(send(test, 'POST', '/v1/vms', { id, start: true, spec: { restart } }));
  // The executor rejects the first, because the VM runs; the gateway the second, which is invalid.
  await done(publish(test, `${id}.resume`, {}));
  accepted.push(await publish(test, `${id}.pause`, { params: { nonsense: true } }));
  await done(send(test, 'POST', `/v1/vms/${id}/reboot`, { force: true }));
  const running = await vm(test, id, ({ state, task }) => state === 'running' && task === null);
  await killProcess(test, id, running.epoch);
  const again = await vm(test, id, ({ state, epoch }) => state === 'running' && epoch > running.epoch);
  await killProcess(test, id, again.epoch);
  await vm(test, id, ({ attention }) => attention?.kind === 'cleanup-abandoned');
  const request = join(test.plane.stateDir, 'read-model', 'rebuild-state');
  writeFileSync(request, '', { mode: 0o600 });
  await done(send(test, 'DELETE', `/v1/vms/${id}?force=true`));
  await vm(test, id, ({ state }) => state === 'deleted');
  return accepted;
};
