// Folds the fleet's log into a read model, in a process of its own: prints how much it took, the memory at most among it.

import { createHash } from 'node:crypto';
import { workCommand } from '@ironlog/domain';
import {
  createPendingProjection,
  createStateProjection,
  foldAndCommit,
  HISTORY_TABLES,
  type LogEntry,
  nextFile,
  openWriter,
  publish,
  STATE_TABLES,
} from '@ironlog/read-model';
import { commandId, readStoredEvent, vmId, vmSpecSchema, workSubject } from '@ironlog/schemas';
import { fleetLog } from '../lifecycles.ts';
import { BIG_TENANT, bornAs } from './fleet.ts';

/** As the projector commits while it is behind. */
const AT_ONCE = 10_000;
const CREATED_AT = new Date('2026-01-01T00:00:00.000Z');
/** Creates that wait for a host, of the tenant with the most VMs: as many as may. */
const WAITING = 1000;

const [directory = '', vms = '0'] = process.argv.slice(2);
const file = nextFile(directory, 'state');
const db = openWriter(file, STATE_TABLES);
db.pragma('journal_mode = MEMORY');
db.pragma('synchronous = OFF');

const info = { createdAt: CREATED_AT, lastSequence: Number.MAX_SAFE_INTEGER };
const state = createStateProjection(db, info);
const startedAt = performance.now();
let batch: LogEntry[] = [];
let sequence = 0;
for (const { subject, bytes, hash } of fleetLog(Number.POSITIVE_INFINITY, Number(vms), bornAs)) {
  sequence += 1;
  batch.push({ sequence, subject, bytes, hash, storedAt: CREATED_AT, read: readStoredEvent(subject, bytes) });
  if (batch.length < AT_ONCE) continue;
  foldAndCommit(state, batch);
  batch = [];
}
foldAndCommit(state, batch);

const waits = (n: number): LogEntry => {
  const time = new Date(CREATED_AT.getTime() + n * 1000).toISOString();
  const command = workCommand({
    writer: 'gateway',
    id: commandId(`cmd-waits-${n}`),
    tenant: BIG_TENANT,
    vmId: vmId(`vm-waits-${n}`),
    actor: 'dev',
    action: {
      verb: 'create',
      params: { spec: vmSpecSchema.parse({ name: `waits ${n}`, labels: { tier: 'web' } }), start: false },
    },
    request: { door: 'http', requestedAt: time, startBy: time, bodyHash: 'a'.repeat(64) },
  });
  const bytes = new TextEncoder().encode(JSON.stringify(command));
  const hash = createHash('sha256').update(bytes).digest('hex');
  const subject = workSubject('any', BIG_TENANT, command.subject, 'create');
  return { sequence: n + 1, subject, bytes, hash, storedAt: CREATED_AT, read: { ok: false, reason: 'a command' } };
};
foldAndCommit(
  createPendingProjection(db, info),
  Array.from({ length: WAITING }, (_, n) => waits(n)),
);
db.pragma('journal_mode = WAL');
db.close();
publish(directory, 'state', file);
// A gateway opens both files; no list is read from this one.
const history = nextFile(directory, 'history');
openWriter(history, HISTORY_TABLES).close();
publish(directory, 'history', history);
const { maxRSS } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({ events: sequence, ms: performance.now() - startedAt, residentMb: (maxRSS * 1024) / 1e6 }),
);
