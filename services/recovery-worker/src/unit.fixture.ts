// For tests: everything that acts on a log in memory and a real read model, with a clock that a test may move.
import { createMemoryEventLog, type EventLog, type MemoryStream, memoryStream } from '@ironlog/event-log';
import { newVmId, type WorkCommand } from '@ironlog/schemas';
import {
  createFailpoints,
  createLogger,
  createManualClock,
  createMetrics,
  type ManualClock,
  type Metrics,
} from '@ironlog/service-kit';
import { onTestFinished } from 'vitest';
import type { Fail } from './failpoints.ts';
import { type Host1, host1, TENANT } from './host-1.fixture.ts';
import { type TestReadModel, testReadModel } from './read-model.fixture.ts';
import { openReads, type Reads } from './reads.ts';
import { Sender } from './sender.ts';
import { VmLoader, type VmRef } from './vm-loader.ts';

export interface Bench {
  readonly stream: MemoryStream;
  readonly log: EventLog;
  readonly host: Host1;
  readonly model: TestReadModel;
  readonly clock: ManualClock;
  readonly vms: VmLoader;
  readonly reads: Reads;
  readonly metrics: Metrics;
  readonly sender: Sender;
  /** What was put on WORK, in order. */
  readonly sent: WorkCommand[];
  readonly logger: ReturnType<typeof createLogger>;
  readonly signal: AbortSignal;
  readonly fail: Fail;
  names(): string[];
}

export const someVm = (): VmRef => ({ tenant: TENANT, vmId: newVmId() });

/** The clock starts `aheadMs` ahead of the machine's, by which the host's events are dated. */
export const bench = async (aheadMs = 0): Promise<Bench> => {
  const stream = memoryStream();
  const log = createMemoryEventLog({ stream });
  const model = await testReadModel(log);
  const reads = openReads(model.directory);
  onTestFinished(() => {
    reads.close();
    model.remove();
  });
  const clock = createManualClock(new Date(Date.now() + aheadMs));
  const sent: WorkCommand[] = [];
  const { signal } = new AbortController();
  const fail = createFailpoints(undefined);
  const queue = {
    publish: async (_: unknown, command: WorkCommand) =>
      ({ kind: 'stored', sequence: sent.push(command), duplicate: false }) as const,
  };
  return {
    stream,
    log,
    model,
    reads,
    clock,
    sent,
    signal,
    fail,
    host: host1(log),
    vms: new VmLoader({ log, reads }),
    metrics: createMetrics({ service: 'test' }),
    sender: new Sender({ queue, clock, signal, fail }),
    logger: createLogger({ service: 'test', level: 'fatal' }),
    names: () =>
      stream.entries.flatMap(({ read }) =>
        read.ok && 'name' in read.stored.event ? [read.stored.event.name] : ['(none)'],
      ),
  };
};
