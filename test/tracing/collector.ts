// A trace collector for tests: accepts OTLP over HTTP in JSON, and keeps every span.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const attributes = z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })).default([]);
// The part of opentelemetry-proto's ExportTraceServiceRequest that these tests read.
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              kind: z.int(),
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              attributes,
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
              status: z.object({ code: z.int().default(0), message: z.string().optional() }).default({ code: 0 }),
            }),
          ),
        }),
      ),
    }),
  ),
});
type Exported = z.infer<typeof exportSchema>;
type Wire = Exported['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

/** opentelemetry-proto's SpanKind. */
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export interface CollectedSpan extends Omit<Wire, 'kind' | 'attributes'> {
  readonly service: string;
  readonly kind: (typeof KINDS)[number];
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** In the order in which they came. */
  spans(): readonly CollectedSpan[];
  /** Likewise, of one trace. */
  spansOf(traceId: string): readonly CollectedSpan[];
  /** Everything received, unparsed. */
  received(): string;
  stop(): Promise<void>;
}

const plain = (list: z.infer<typeof attributes>): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

const spansIn = ({ resourceSpans }: Exported): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        service: String(plain(resource.attributes)['service.name']),
        kind: KINDS[span.kind] ?? 'unspecified',
        attributes: plain(span.attributes),
      })),
    ),
  );

export const startCollector = async (): Promise<Collector> => {
  const bodies: string[] = [];
  const spans: CollectedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    if (request.method !== 'POST' || request.url !== '/v1/traces') {
      response.writeHead(404).end();
      return;
    }
    spans.push(...spansIn(exportSchema.parse(JSON.parse(body))));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => spans,
    spansOf: (traceId) => spans.filter((span) => span.traceId === traceId),
    received: () => bodies.join('\n'),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
