// Publishes one command at the NATS ingress as a tenant's client: publish-command <vm> <verb> [json body]
import { commandSubject, newCommandId, tenantIdSchema } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { type DevFile, readDevFile, whyUncertain } from './plane/dev-file.ts';
import { type PublishOptions, readPublishOptions, USAGE } from './publish-options.ts';
import { print } from './terminal/print.ts';
import { UsageError } from './usage-error.ts';

const open = async (devFile: string, dev: DevFile): Promise<NatsConnection> => {
  const { nats, natsUser, natsPassword } = dev;
  try {
    return await connect({
      servers: nats,
      user: natsUser,
      pass: natsPassword,
      reconnect: false,
      timeout: 3000,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`NATS at ${nats} refuses the connection (${why}); ${await whyUncertain(devFile, dev)}`, {
      cause: error,
    });
  }
};

const publish = async ({ devFile, vm, verb, body }: PublishOptions): Promise<void> => {
  const dev = readDevFile(devFile);
  const subject = commandSubject(tenantIdSchema.parse(dev.tenant), vm, verb);
  const connection = await open(devFile, dev);
  try {
    const header = headers();
    header.set('Nats-Msg-Id', newCommandId());
    const ack = await jetstream(connection).publish(subject, body, { headers: header, timeout: 5000 });
    process.stdout.write(`${JSON.stringify({ subject, stream: ack.stream, sequence: ack.seq })}\n`);
  } finally {
    await connection.close();
  }
};

try {
  const options = readPublishOptions(process.argv.slice(2));
  if (options) await publish(options);
  else process.stdout.write(`${USAGE}\n`);
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? UsageError.exitCode : 1;
}
