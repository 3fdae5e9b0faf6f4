// The quarantine of COMMANDS: messages whose subject names no tenant. Every other message becomes work or a recorded rejection,
// which are folded from WORK and EVENTS.

import { misaddressedReason, partOfCommandSubject, STREAMS } from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogIdentity } from '../log-entry.ts';
import { type Projection, projection } from './projection.ts';
import { QuarantineRows } from './quarantine.ts';

export const createIngressProjection = (db: Db, info: LogIdentity): Projection => {
  const quarantine = new QuarantineRows(db, STREAMS.commands);
  return projection({
    db,
    checkpoints: new Checkpoints(db),
    stream: STREAMS.commands,
    info,
    foldOne: ({ subject }) => (partOfCommandSubject(subject) ? undefined : misaddressedReason(subject)),
    write: () => quarantine.write(),
    written: () => quarantine.written(),
    reject: (entry, reason) => quarantine.reject(entry, reason),
  });
};
