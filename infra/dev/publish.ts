// Publishes one command to the NATS door as a tenant's client: publish-command <vm> <verb> [json body]

import { commandSubject, newCommandId, tenantIdSchema, verbSchema, vmIdSchema } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { inboxPrefix } from '../nats/accounts.ts';
import { readDevFile } from './dev-file.ts';

const USAGE = `usage: publish-command <vm> <verb> [body]   e.g. publish-command vm-2 create '{"params":{"start":true}}'`;

const [vmText, verbText, body = ''] = process.argv.slice(2);
const vm = vmIdSchema.safeParse(vmText);
const verb = verbSchema.safeParse(verbText);
if (!vm.success || !verb.success) {
  const problem = vm.success
    ? verb.error?.issues[0]?.message
    : `VM id ${JSON.stringify(vmText)} ${vm.error.issues[0]?.message}`;
  process.stderr.write(`${problem}\n${USAGE}\n`);
  process.exit(64);
}
const dev = readDevFile();
const subject = commandSubject(tenantIdSchema.parse(dev.tenant), vm.data, verb.data);
const connection = await connect({
  servers: dev.nats,
  user: dev.natsUser,
  pass: dev.natsPassword,
  inboxPrefix: inboxPrefix(dev.natsUser),
  reconnect: false,
  timeout: 3000,
});
try {
  const header = headers();
  header.set('Nats-Msg-Id', newCommandId());
  const ack = await jetstream(connection).publish(subject, body, { headers: header, timeout: 5000 });
  process.stdout.write(`${JSON.stringify({ subject, stream: ack.stream, sequence: ack.seq })}\n`);
} finally {
  await connection.close();
}
