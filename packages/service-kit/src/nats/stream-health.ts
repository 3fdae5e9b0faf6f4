/** Reports whether the streams have the defined configuration: log lines at the start, readiness from then on. */
import type { Runtime } from '../lifecycle/runtime.ts';

/** A configuration rarely changes: a shorter interval would only load nats-server. */
const CHECK_EVERY_MS = 10_000;

/**
 * `inspect` returns one sentence per stream that differs from its definition, and throws while JetStream does not
 * answer. A service still starts with a wrong stream: its log can be read, and the readiness check `streams` names the
 * required change. A failed inspection keeps the previous result; the connection's check shows the cause.
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
      logger.error({ code: 'stream-config', reason }, 'a stream has a wrong configuration');
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
