// Commands waiting on `work.any`, kept in memory and retried after a change: a host offers more, or an event concerns
// their VM. A timer only retries all of them, rarely.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Delivery, Recorded } from '@ironlog/event-log';
import {
  type Heartbeat,
  type HostId,
  isTenantEvent,
  type TenantId,
  type VmId,
  type WorkCommand,
} from '@ironlog/schemas';
import { delay, type Logger } from '@ironlog/service-kit';
import { createWaitingClasses, type WaitingClass, type Wanted } from './waiting-classes.ts';

/** Heartbeats in quick succession cause one attempt. */
const DEBOUNCE_MS = 10;
/** Concurrent publishes. */
const IN_FLIGHT = 64;
/** Steps without a yield to the event loop. */
const SLICE = 256;
/** Redelivery delay after a failed attempt. */
const AGAIN_AFTER_BUG_MS = 5_000;
/** For changes without a notification. */
const CHECK_EVERY_MS = 60_000;

export interface Waiting {
  readonly command: WorkCommand;
  readonly delivery: Delivery;
  readonly sequence: number;
}

export interface RetriesDeps {
  readonly live: () => readonly Heartbeat[];
  /** Tries to place a create, and counts it on its host. `undefined`: it still waits. Must not throw. */
  readonly tryCreate: (waiting: Waiting) => (() => Promise<void>) | undefined;
  /** For any command: it ends, or is kept again. */
  readonly retry: (waiting: Waiting) => Promise<void>;
  readonly isWaiting: (command: WorkCommand) => boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface Retries {
  /** Holds the delivery until a change. */
  keep(waiting: Waiting): void;
  /** Retries the commands waiting for this VM. */
  wake(tenant: TenantId, vmId: VmId): void;
  fold(entry: Recorded): void;
  improved(host: HostId): void;
  /** Resolves after the abort, when no attempt is running. */
  readonly ended: Promise<void>;
}

const keyOf = (tenant: TenantId, vmId: VmId): string => `${tenant}/${vmId}`;
const wantedBy = ({ data }: WorkCommand): Wanted | undefined =>
  data.action.verb === 'create' ? { spec: data.action.params.spec, image: data.image } : undefined;

export const createRetries = (deps: RetriesDeps): Retries => {
  const { logger, signal } = deps;
  const bySequence = new Map<number, Waiting>();
  const byVm = new Map<string, Set<number>>();
  const creates = createWaitingClasses<Waiting>();
  const sending = new Set<Promise<void>>();
  let changed = new Set<HostId>();
  let debouncing: NodeJS.Timeout | undefined;
  let trying = Promise.resolve();

  const forget = ({ command, sequence }: Waiting): void => {
    bySequence.delete(sequence);
    const key = keyOf(command.tenant, command.subject);
    const ofVm = byVm.get(key);
    ofVm?.delete(sequence);
    if (ofVm?.size === 0) byVm.delete(key);
    const wanted = wantedBy(command);
    if (wanted) creates.remove(wanted, sequence);
  };
  /** Never rejects: a failed one is redelivered. */
  const send = (waiting: Waiting, act: () => Promise<void>): void => {
    const { delivery, sequence } = waiting;
    const sent = act()
      .catch((err: unknown) => {
        if (!signal.aborted) logger.error({ err, streamSequence: sequence }, 'a waiting command could not be retried');
        delivery.nak(AGAIN_AFTER_BUG_MS);
      })
      .finally(() => sending.delete(sent));
    sending.add(sent);
  };
  const wake = (tenant: TenantId, vmId: VmId): void => {
    const sequences = byVm.get(keyOf(tenant, vmId));
    if (!sequences) return;
    const waiting = [...sequences].sort((a, b) => a - b).flatMap((sequence) => bySequence.get(sequence) ?? []);
    for (const one of waiting) forget(one);
    // In sequence: the oldest request reaches the host first.
    let turn = Promise.resolve();
    for (const one of waiting) {
      const before = turn;
      const done = Promise.withResolvers<void>();
      turn = done.promise;
      send(one, () => before.then(() => deps.retry(one)).finally(() => done.resolve()));
    }
  };
  const place = async (hosts: ReadonlySet<HostId>): Promise<void> => {
    const open = creates.fitting(deps.live().filter(({ host }) => hosts.has(host)));
    for (let tried = 1; open.size > 0 && !signal.aborted; tried += 1) {
      const next = oldestOf(open);
      if (!next) return;
      const act = deps.tryCreate(next.waiting);
      if (act) {
        forget(next.waiting);
        send(next.waiting, act);
      } else open.delete(next.of);
      while (sending.size >= IN_FLIGHT) await Promise.race(sending);
      if (tried % SLICE === 0) await nextTurn();
    }
  };
  const tryChanged = (): void => {
    if (debouncing || signal.aborted) return;
    debouncing = setTimeout(() => {
      debouncing = undefined;
      const hosts = changed;
      changed = new Set();
      trying = trying
        .then(() => place(hosts))
        .catch((err: unknown) => logger.error({ err }, 'waiting creates could not be tried'));
    }, DEBOUNCE_MS);
  };
  const checkAll = async (): Promise<void> => {
    let checked = 0;
    for (const waiting of [...bySequence.values()]) {
      if (signal.aborted) return;
      if (bySequence.get(waiting.sequence) === waiting && !deps.isWaiting(waiting.command)) {
        forget(waiting);
        send(waiting, () => deps.retry(waiting));
      }
      checked += 1;
      if (checked % SLICE === 0) await nextTurn();
    }
    for (const { host } of deps.live()) changed.add(host);
    tryChanged();
  };
  const checking = async (): Promise<void> => {
    for (;;) {
      await delay(CHECK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) break;
      await checkAll().catch((err: unknown) => logger.error({ err }, 'waiting commands could not be checked'));
    }
    clearTimeout(debouncing);
    await trying;
    await Promise.all(sending);
  };

  return {
    keep: (waiting) => {
      const { command, delivery, sequence } = waiting;
      delivery.hold();
      const before = bySequence.get(sequence);
      if (before) forget(before);
      bySequence.set(sequence, waiting);
      const key = keyOf(command.tenant, command.subject);
      byVm.set(key, (byVm.get(key) ?? new Set()).add(sequence));
      const wanted = wantedBy(command);
      if (wanted) creates.add(wanted, waiting);
    },
    wake,
    fold: ({ read }) => {
      if (!read.ok || !isTenantEvent(read.stored)) return;
      const { tenant, subject } = read.stored.event;
      if (subject && byVm.has(keyOf(tenant, subject))) wake(tenant, subject);
    },
    improved: (host) => {
      changed.add(host);
      tryChanged();
    },
    ended: checking(),
  };
};

interface Oldest {
  readonly of: WaitingClass<Waiting>;
  readonly waiting: Waiting;
}

const oldestOf = (classes: Iterable<WaitingClass<Waiting>>): Oldest | undefined => {
  let found: Oldest | undefined;
  for (const of of classes) {
    const waiting = of.oldest();
    if (waiting && (!found || waiting.sequence < found.waiting.sequence)) found = { of, waiting };
  }
  return found;
};
