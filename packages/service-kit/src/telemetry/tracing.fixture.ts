/** A process with tracing configured by the OTEL_* variables, for tracing.test.ts: one trace over a message, a call and a log line. */
import { createLogger } from './log.ts';
import { withSpan } from './span.ts';
import { startTracing } from './tracing.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const logger = createLogger({ service: 'fixture' });
const tracing = await startTracing({ service: 'fixture', env: process.env, logger });

const traceparents = await withSpan(
  'boot',
  { parent, attributes: { 'ironlog.verb': 'boot' }, kind: 'consumer' },
  async (span) => {
    logger.info('inside');
    const inCall = await withSpan('vm.boot', { kind: 'client' }, async ({ traceparent }) => {
      await new Promise(setImmediate);
      return traceparent;
    });
    return { inEvent: span.traceparent, inCall };
  },
);
try {
  await withSpan('failing', { parent }, () => {
    throw new Error('no disk');
  });
} catch {
  // Expected: the test checks the failure in the exported span.
}
await tracing.stop();
// As `run` does: an exporter that still retries must not keep the process.
process.send?.({ on: tracing.on, ...traceparents }, () => process.exit(0));
