// The `state` projection of EVENTS: VMs, operations, hosts, images, usage and quarantine, one transaction per commit (I6).

import { parseEventSubject, STREAMS } from '@ironlog/schemas';
import { Checkpoints } from '../checkpoint.ts';
import type { Db } from '../database.ts';
import type { LogEntry, LogIdentity } from '../log-entry.ts';
import { HostRows } from './hosts.ts';
import { ImageRows } from './images.ts';
import { OperationRows } from './operations.ts';
import { type Projection, projection } from './projection.ts';
import { QuarantineRows } from './quarantine.ts';
import { UsageRows } from './usage.ts';
import { VmRows } from './vms.ts';
import { WrongClockRows } from './wrong-clocks.ts';

export const createStateProjection = (db: Db, info: LogIdentity): Projection => {
  const checkpoints = new Checkpoints(db);
  const vms = new VmRows(db);
  const operations = new OperationRows(db);
  const hosts = new HostRows(db);
  const wrongClocks = new WrongClockRows(db);
  const images = new ImageRows(db);
  const usage = new UsageRows(db);
  const quarantine = new QuarantineRows(db, STREAMS.events);
  const all = [vms, operations, hosts, wrongClocks, images, usage, quarantine];

  /** The reason when the entry is ignored. */
  const fold = ({ read, sequence, hash, subject }: LogEntry): string | undefined => {
    if (!read.ok) {
      // The next append to that VM must expect this sequence, valid entry or not.
      const address = parseEventSubject(subject);
      if (address?.kind === 'vm') vms.pass(address.tenant, address.vmId, sequence);
      return read.reason;
    }
    const { stored } = read;
    switch (stored.kind) {
      case 'host':
        hosts.fold(stored.event);
        wrongClocks.fold(stored.event);
        return undefined;
      case 'image':
        images.fold(stored.event, sequence);
        return undefined;
      case 'rejection':
        operations.fold(stored.event.tenant, stored, sequence);
        return undefined;
      case 'vm': {
        const { event, writer } = stored;
        const { before, after, ignored } = vms.fold(event.tenant, event.subject, { sequence, hash, writer, event });
        if (ignored !== undefined) return ignored;
        usage.follow(before, after);
        operations.fold(event.tenant, stored, sequence);
        return undefined;
      }
      default:
        return stored satisfies never;
    }
  };

  return projection({
    db,
    checkpoints,
    stream: STREAMS.events,
    info,
    foldOne: fold,
    write: () => {
      for (const rows of all) rows.write();
    },
    written: () => {
      for (const rows of all) rows.written();
    },
    reject: (entry, reason) => quarantine.reject(entry, reason),
  });
};
