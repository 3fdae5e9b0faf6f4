/** A process with tracing as the OTEL_* variables say, for tracing.test.ts: one trace over a server, a client and a log line. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from './log.ts';
import { withSpan } from './span.ts';
import { startTracing } from './tracing.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const logger = createLogger({ service: 'fixture' });
const tracing = await startTracing({ service: 'fixture', env: process.env, logger });

// What the hypervisor's socket is to an executor: it is called through undici, and shows what it was sent.
const received: string[] = [];
const server = createServer((request, response) => {
  received.push(String(request.headers.traceparent));
  response.end('ok');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const inEvent = await withSpan(
  'boot',
  { parent, attributes: { 'ironlog.verb': 'boot' }, kind: 'consumer' },
  async (span) => {
    logger.info('inside');
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    return span.traceparent;
  },
);
try {
  await withSpan('failing', { parent }, () => {
    throw new Error('no disk');
  });
} catch {
  // Expected: the test looks for the failure in the exported span.
}
server.close();
server.closeAllConnections();
await tracing.stop();
// As `run` does: an exporter that still retries must not keep the process.
process.send?.({ on: tracing.on, inEvent, inRequest: received }, () => process.exit(0));
