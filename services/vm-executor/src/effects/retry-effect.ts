// Retries an effect that throws (log unavailable, disk full) until its task's deadline; then the task has failed (P2).
import { EventLogError } from '@ironlog/event-log';
import { hostError, type Refusal, refusal } from '@ironlog/hypervisor';
import type { Residue, Verb } from '@ironlog/schemas';
import { retry } from '@ironlog/service-kit';
import { Superseded } from '../host/incarnation.ts';
import { type Effect, type EffectContext, type EffectResult, failed } from './context.ts';
import { clearUp, residueIn } from './residue.ts';

const BACKOFF = { baseMs: 100, maxMs: 5000 };

export interface RetryEffectOptions {
  readonly verb: Verb;
  readonly effect: Effect;
  /** Aborted when the service stops: the task then stays open, and nothing is cleaned up. */
  readonly stop: AbortSignal;
  readonly onAgain: (again: { attempt: number; waitMs: number; cause: unknown }) => void;
}

/** Effects are idempotent (P6): an attempt skips what an earlier one has done. @throws Superseded, or when stopped. */
export const retryEffect = async (
  { verb, effect, stop, onAgain }: RetryEffectOptions,
  context: EffectContext,
): Promise<EffectResult> => {
  let thrown: unknown;
  try {
    return await retry({ backoff: BACKOFF, signal: context.signal, onAgain }, async () => {
      try {
        return { kind: 'done', value: await effect(context) };
      } catch (cause) {
        if (cause instanceof Superseded) throw cause;
        thrown = cause;
        return { kind: 'again', cause };
      }
    });
  } catch (error) {
    if (stop.aborted || error instanceof Superseded) throw error;
    return failed(inWords(verb, thrown ?? error), await leftOf(verb, context));
  }
};

const inWords = (verb: Verb, thrown: unknown): Refusal =>
  thrown instanceof EventLogError
    ? refusal('failed', verb, `${verb} was not done: the host did not reach the event log`, thrown.message)
    : hostError(verb, `${verb} was not done`, thrown);

/** When these verbs fail, the VM must have no process. The other verbs leave it unchanged. */
const ENDS_ITS_PROCESS: readonly Verb[] = ['create', 'boot', 'reboot', 'restore'];
const CHECKS_FOR_RESIDUE: readonly Verb[] = ['delete', 'cleanup'];
/** Used when the residue cannot be determined: recovery then cleans up everything that may exist. */
const UNKNOWN: readonly Residue[] = ['process', 'socket'];

const leftOf = async (verb: Verb, context: EffectContext): Promise<readonly Residue[]> => {
  try {
    if (ENDS_ITS_PROCESS.includes(verb)) return await clearUp(context);
    return CHECKS_FOR_RESIDUE.includes(verb) ? await residueIn(context.directory) : [];
  } catch (error) {
    if (error instanceof Superseded) throw error;
    return UNKNOWN;
  }
};
