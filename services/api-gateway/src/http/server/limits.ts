// The limits of the HTTP server: bytes, seconds, connections, requests. Fastify's and Node's defaults leave several open.

export const LIMITS = {
  /** NATS accepts 64 KiB (`max_payload`), including the envelope around a body. */
  bodyBytes: 60 * 1024,
  headerBytes: 16 * 1024,
  /** From the first byte to the last of a request; limits clients that send very slowly. */
  requestTimeoutMs: 10_000,
  headersTimeoutMs: 5_000,
  keepAliveTimeoutMs: 30_000,
  /** How often Node checks for requests that took too long; its default is 30 s. */
  checkEveryMs: 1_000,
  connections: 2_048,
  /** Open at once; each holds a socket and a cursor. */
  streams: 500,
  /** A tenth of them per token; with its waits about a quarter of the connections. */
  streamsPerToken: 50,
  waitsPerToken: 500,
  /** Half of the streams per tenant; with their waits half of the connections. The rest is for others. */
  streamsPerTenant: 250,
  waitsPerTenant: 750,
  /** An id has at most 63 characters; longer ones up to this are refused by its schema, with a reason. */
  pathPartCharacters: 300,
  /** Requests a second per token. */
  requestsPerSecond: 2_000,
  eventLoopDelayMs: 1_000,
} as const;
