// A command that the gateway refuses from the NATS door ends on record: the client has no answer to read it from.
import type { CommandRejected, Timestamp, Verb } from '@ironlog/schemas';
import { commandRejected, type Rejected } from '../accept/rejection.ts';

interface Refused extends Omit<Rejected, 'actor' | 'request'> {
  readonly verb: Verb;
  readonly requestedAt: Timestamp;
  readonly startBy: Timestamp;
  readonly bodyHash?: string | undefined;
}

export const rejectionEvent = ({ verb, requestedAt, startBy, bodyHash, ...rejected }: Refused): CommandRejected =>
  commandRejected({
    ...rejected,
    actor: 'nats',
    request: { verb, door: 'nats', requestedAt, startBy, ...(bodyHash && { bodyHash }) },
  });
