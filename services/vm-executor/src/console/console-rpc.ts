// Answers the gateway's console requests: the last bytes of a VM's console log, if the VM is on this host.
import { type HostId, SUBJECT_PREFIX, tenantIdSchema, vmIdSchema } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import type { StateDirectory } from '../host/state-directory.ts';
import { consoleTail } from './console-file.ts';

/** In base64 and with its envelope it must fit NATS's max_payload of 64 KiB. */
const MAX_TAIL_BYTES = 45_000;
const requestSchema = z.strictObject({ tenant: tenantIdSchema, vmId: vmIdSchema, tailBytes: z.int().min(1) });

type Answer = { ok: true; text: string; size: number } | { ok: false; code: string; reason: string };

const tail = (directory: string, bytes: number): Answer => {
  const part = consoleTail(directory, Math.min(bytes, MAX_TAIL_BYTES));
  if (part) return { ok: true, text: part.bytes.toString('base64'), size: part.end };
  return {
    ok: false,
    code: 'console-not-available',
    reason: 'the VM has written nothing to a console on this host',
  };
};

const answer = (state: StateDirectory, body: unknown): Answer => {
  const request = requestSchema.safeParse(body);
  if (!request.success) return { ok: false, code: 'invalid-request', reason: z.prettifyError(request.error) };
  const { tenant, vmId, tailBytes } = request.data;
  return tail(state.directoryOf({ tenant, vmId }), tailBytes);
};

export interface ConsoleDeps {
  readonly connection: Pick<NatsConnection, 'subscribe'>;
  readonly host: HostId;
  readonly state: StateDirectory;
  readonly logger: Logger;
}

export const serveConsoles = ({ connection, host, state, logger }: ConsoleDeps): Subscription =>
  connection.subscribe(`${SUBJECT_PREFIX}.rpc.${host}.console`, {
    callback: (error, message) => {
      if (error) return;
      let reply: Answer;
      try {
        reply = answer(state, message.json());
      } catch (err) {
        // The answer goes to the VM's tenant, which must not see the host's paths.
        logger.warn({ err, hostId: host }, 'a console could not be read');
        reply = { ok: false, code: 'failed', reason: 'the console cannot be read on this host' };
      }
      message.respond(JSON.stringify(reply));
    },
  });
