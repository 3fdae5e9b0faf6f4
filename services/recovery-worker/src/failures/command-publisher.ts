// Publishes recovery's commands on WORK once: a command that this process has published is not published at every run.
import type { WorkQueue } from '@ironlog/event-log';
import {
  type CommandId,
  DEFAULT_START_WITHIN_SECONDS,
  type HostId,
  type TenantId,
  type WorkCommand,
} from '@ironlog/schemas';
import type { Clock } from '@ironlog/service-kit';
import type { Fail } from '../failpoints.ts';

/** Limits the memory. A forgotten command is published again with the same id, which the executor detects. */
const REMEMBERED = 10_000;

/** `sent`: durable in WORK. `sinceMs`: milliseconds since then, 0 if just now. */
export type Sent =
  | { readonly kind: 'sent'; readonly sinceMs: number }
  | { readonly kind: 'unknown'; readonly cause: Error };

export interface SenderDeps {
  readonly queue: Pick<WorkQueue, 'publish'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fail: Fail;
}

export class Sender {
  readonly #deps: SenderDeps;
  readonly #sentAtMs = new Map<string, number>();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /** Milliseconds since this process published the command; `undefined`: not published, or expired since. */
  sinceMs(tenant: TenantId, id: CommandId): number | undefined {
    const atMs = this.#sentAtMs.get(`${tenant}/${id}`);
    const sinceMs = atMs === undefined ? undefined : this.#deps.clock.monotonicMs() - atMs;
    return sinceMs !== undefined && sinceMs < DEFAULT_START_WITHIN_SECONDS * 1000 ? sinceMs : undefined;
  }

  async send(host: HostId, command: WorkCommand): Promise<Sent> {
    const { queue, clock, signal, fail } = this.#deps;
    fail('before-command');
    const published = await queue.publish(host, command, signal);
    if (published.kind === 'unknown') return published;
    fail('after-command');
    const key = `${command.tenant}/${command.id}`;
    this.#sentAtMs.delete(key);
    this.#sentAtMs.set(key, clock.monotonicMs());
    if (this.#sentAtMs.size > REMEMBERED) {
      const oldest = this.#sentAtMs.keys().next();
      if (!oldest.done) this.#sentAtMs.delete(oldest.value);
    }
    return { kind: 'sent', sinceMs: 0 };
  }
}
