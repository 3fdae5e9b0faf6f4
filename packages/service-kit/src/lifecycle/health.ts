/** The registry of named readiness checks: a service is ready when every check passes; otherwise it lists the failed ones. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The result of one check. */
export type Check = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The results of all checks. */
export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Check>>;
}

/** Shared by the parts of a service; served by the ops server, or by the gateway's own `/readyz`. */
export interface Health {
  /** Adds a check that runs on each report; a name can be used once. The returned function removes the check. */
  register(name: string, check: () => Check | Promise<Check>): () => void;
  /** Records a check's current state, for parts that learn of changes by events. */
  set(name: string, state: Check): void;
  report(): Promise<HealthReport>;
}

const ask = async (check: () => Check | Promise<Check>, timeoutMs: number): Promise<Check> => {
  const late = new AbortController();
  try {
    return await Promise.race([
      (async () => check())(),
      sleep(timeoutMs, { ok: false, reason: `no answer within ${timeoutMs} ms` } as const, {
        signal: late.signal,
        ref: false,
      }),
    ]);
  } catch (cause) {
    // P8: a check that throws means not ready, never a crash of the probe.
    return { ok: false, reason: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    late.abort();
  }
};

/** An empty registry. A check that does not answer within `timeoutMs` (default 1000) counts as failed. */
export const createHealth = ({ timeoutMs = 1000 }: { readonly timeoutMs?: number } = {}): Health => {
  const asked = new Map<string, () => Check | Promise<Check>>();
  return {
    register: (name, check) => {
      if (asked.has(name)) throw new Error(`health check ${name} is registered twice`);
      asked.set(name, check);
      return () => {
        asked.delete(name);
      };
    },
    set: (name, state) => {
      asked.set(name, () => state);
    },
    report: async () => {
      const entries = await Promise.all(
        [...asked].map(async ([name, check]) => [name, await ask(check, timeoutMs)] as const),
      );
      return { ready: entries.every(([, check]) => check.ok), checks: Object.fromEntries(entries) };
    },
  };
};
