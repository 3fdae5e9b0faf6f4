// The interface of a log under test, and the appends of the suite.
import type { VmEvent } from '@ironlog/schemas';
import { type TestVm, vmEvent } from '../fixtures/events.fixture.ts';
import type { Loss } from '../memory/memory-store.ts';
import type { AppendResult, EventLog, Recorded } from '../port.ts';

export interface LogUnderTest {
  /** A client whose link can lose messages on request. */
  readonly log: EventLog;
  /** Another client of the same log, over a link that loses nothing. */
  readonly other: EventLog;
  lose(loss: Loss): void;
  /** The number of failed attempts of `log` so far, from its `observe` calls. */
  failedAttempts(): number;
  /** Stores raw bytes without the port. */
  write(entry: { subject: string; bytes: Uint8Array; messageId?: string }): Promise<number>;
}

export const appendTo = (
  log: EventLog,
  vm: TestVm,
  { event = vmEvent(vm, 1), expected = 0, signal }: { event?: VmEvent; expected?: number; signal?: AbortSignal } = {},
): Promise<AppendResult> =>
  log.append({ subject: vm.subject, event, filter: vm.filter, expected, ...(signal && { signal }) });

export const committed = (result: AppendResult): number => {
  if (result.kind !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`);
  return result.sequence;
};

export const idsOf = (entries: readonly Recorded[]): readonly (string | undefined)[] =>
  entries.map((entry) => entry.messageId);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
