// Explains a call without an answer: the process behind the socket has ended, and its exit status follows shortly.
import { describeExit, type Outcome } from '@ironlog/hypervisor';
import type { LiveProcess } from '../processes/live-processes.ts';

/** The socket hangs up before the exit status is available. */
const ENDED_WITHIN_MS = 250;

/** Returns `outcome` unless the called process `live` has ended. */
export const withExitCause = async (outcome: Outcome, live: LiveProcess | undefined): Promise<Outcome> => {
  if (outcome.ok || outcome.code !== 'unreachable' || !live) return outcome;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ENDED_WITHIN_MS);
  const processEnd = await Promise.race([live.ended, late.promise]);
  clearTimeout(timer);
  if (!processEnd) return outcome;
  const reason = `${outcome.stage}: the hypervisor process ended during the call${describeExit(processEnd.exit)}`;
  return { ...outcome, reason };
};
