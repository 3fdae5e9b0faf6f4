/** Whether the streams are configured as they should be: log lines at the start and readiness from then on. */
import type { Runtime } from '../lifecycle/runtime.ts';

/** A configuration changes only when somebody changes it: reading it more often costs nats-server more than it tells. */
const CHECK_EVERY_MS = 10_000;

/**
 * `inspect` returns one sentence for each stream that is not as defined, and throws while JetStream does not answer. A
 * service still starts with a wrong stream: its log can be read, and the readiness check `streams` says what to change.
 * An inspection that fails keeps the result of the one before; the check of the connection shows why.
 */
export const checkStreams = async (
  { health, logger }: Pick<Runtime, 'health' | 'logger'>,
  inspect: () => Promise<readonly string[]>,
): Promise<void> => {
  let wrong: readonly string[] = [];
  let checkedAt = Number.NEGATIVE_INFINITY;
  const check = async (): Promise<void> => {
    checkedAt = performance.now();
    const found = await inspect();
    for (const reason of found.filter((reason) => !wrong.includes(reason)))
      logger.error({ code: 'stream-config', reason }, 'a stream is not configured as it should be');
    if (wrong.length > 0 && found.length === 0)
      logger.info({ code: 'stream-config' }, 'the streams are as defined again');
    wrong = found;
  };
  const checkSafely = (): Promise<void> =>
    check().catch((err: unknown) => logger.warn({ err }, 'the configuration of the streams cannot be read'));
  await checkSafely();
  health.register('streams', async () => {
    if (performance.now() - checkedAt > CHECK_EVERY_MS) await checkSafely();
    return wrong.length === 0 ? { ok: true } : { ok: false, reason: wrong.join('; ') };
  });
};
