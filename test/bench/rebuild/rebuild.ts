// Rebuild of `state` against consuming and parsing the same log, alternating, each in a new process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorUser, findNatsServer, inboxPrefix, type NatsProcess, startNats } from '@ironlog/infra';
import { CLOUD_EVENTS_CONTENT_TYPE, hostId, STREAMS, tenantId } from '@ironlog/schemas';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { fleetLog } from '../lifecycles.ts';
import type { Amounts } from '../options.ts';
import type { Section } from '../report.ts';
import { summarize } from '../stats.ts';
import { READER, read } from './reader.ts';

const WANTED = 0.5;
const RESIDENT_MB = 300;
const HOST = hostId('host-1');
/** Concurrent publishes while the log is written. */
const IN_FLIGHT = 512;

const layLog = async (nats: NatsProcess, { events, vms }: Amounts): Promise<void> => {
  const user = executorUser(HOST);
  const pass = nats.credentials.passwordOf(user);
  const connection = await connect({ servers: nats.url, user, pass, inboxPrefix: inboxPrefix(user) });
  const client = jetstream(connection, { timeout: 20_000 });
  const log = fleetLog(events, vms);
  const hand = async (): Promise<void> => {
    for (const { subject, id, bytes } of log) {
      const named = headers();
      named.set('Content-Type', CLOUD_EVENTS_CONTENT_TYPE);
      await client.publish(subject, bytes, { msgID: id, headers: named, expect: { streamName: STREAMS.events } });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, hand));
  await connection.close();
};

export const benchRebuild = async (amounts: Amounts): Promise<Section> => {
  const { events, vms, rebuilds } = amounts;
  const directory = mkdtempSync(join(tmpdir(), 'il-bench-'));
  const tenants = [tenantId('dev')];
  const nats = await startNats({ binary: await findNatsServer(), directory, hosts: [HOST], tenants });
  try {
    await layLog(nats, amounts);
    const raw: number[] = [];
    const built: number[] = [];
    let residentMb = 0;
    const password = nats.credentials.passwordOf(READER);
    for (let round = 0; round < rebuilds; round += 1) {
      const own = mkdtempSync(join(directory, 'read-model-'));
      const task = { url: nats.url, password, events, directory: own };
      raw.push((events * 1000) / (await read('raw-reader.ts', task)).ms);
      const rebuilt = await read('rebuild-reader.ts', task);
      built.push((events * 1000) / rebuilt.ms);
      residentMb = Math.max(residentMb, rebuilt.residentMb);
    }
    const rows = [
      { what: 'consume and JSON.parse', unit: 'events/s', ...summarize(raw) },
      { what: 'rebuild of state', unit: 'events/s', ...summarize(built) },
    ] as const;
    const ratio = rows[1].p50 / rows[0].p50;
    return {
      title: `Rebuild (${events.toLocaleString('en-US')} events over ${vms.toLocaleString('en-US')} VMs)`,
      rows,
      verdicts: [
        {
          what: 'rebuild / consume and parse, p50',
          value: ratio.toFixed(2),
          target: `>= ${WANTED}`,
          met: ratio >= WANTED,
        },
        {
          what: 'memory of the rebuilding process, at most',
          value: `${residentMb.toFixed(0)} MB`,
          target: `<= ${RESIDENT_MB} MB`,
          met: residentMb <= RESIDENT_MB,
        },
      ],
    };
  } finally {
    await nats.stop();
    rmSync(directory, { recursive: true, force: true });
  }
};
