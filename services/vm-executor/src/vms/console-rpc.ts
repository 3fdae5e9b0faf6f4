// Answers the gateway's console requests with the last bytes of a VM's console log, if this host owns the VM.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { consolePathOf } from '@ironlog/hypervisor';
import { type HostId, SUBJECT_PREFIX, tenantIdSchema, vmIdSchema } from '@ironlog/schemas';
import type { Logger } from '@ironlog/service-kit';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { z } from 'zod';
import type { StateDirectory } from '../host/state-directory.ts';

/** In base64 and with its envelope it must fit NATS's max_payload of 64 KiB. */
const MAX_TAIL_BYTES = 45_000;
const requestSchema = z.strictObject({ tenant: tenantIdSchema, vmId: vmIdSchema, tailBytes: z.int().min(1) });

type Answer = { ok: true; text: string; size: number } | { ok: false; code: string; reason: string };

const tail = (path: string, bytes: number): Answer => {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return {
        ok: false,
        code: 'console-not-available',
        reason: 'the VM has written nothing to a console on this host',
      };
    }
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, bytes, MAX_TAIL_BYTES));
    const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return { ok: true, text: buffer.subarray(0, read).toString('base64'), size };
  } finally {
    closeSync(file);
  }
};

const answer = (state: StateDirectory, body: unknown): Answer => {
  const request = requestSchema.safeParse(body);
  if (!request.success) return { ok: false, code: 'invalid-request', reason: z.prettifyError(request.error) };
  const { tenant, vmId, tailBytes } = request.data;
  return tail(consolePathOf(state.directoryOf({ tenant, vmId })), tailBytes);
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
