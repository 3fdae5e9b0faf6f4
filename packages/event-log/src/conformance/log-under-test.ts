// What the suite needs of a log under test, and the appends it makes.
import type { VmEvent } from '@ironlog/schemas';
import { type TestVm, vmEvent } from '../fixtures/events.fixture.ts';
import type { Loss } from '../memory/memory-store.ts';
import type { AppendResult, EventLog, Recorded } from '../port.ts';

export interface LogUnderTest {
  /** A client whose link can be told to lose messages. */
  readonly log: EventLog;
  /** Another client of the same log, over a link that loses nothing. */
  readonly other: EventLog;
  lose(loss: Loss): void;
  /** How many attempts of `log` have failed so far, as its `observe` was told. */
  failedAttempts(): number;
  /** Stores bytes as they are, past the port. */
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
