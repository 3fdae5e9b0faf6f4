// The bounds of the HTTP server: bytes, seconds, connections, requests. Fastify's and Node's defaults leave several open.

export const LIMITS = {
  /** NATS takes 64 KiB (`max_payload`); the envelope around a body needs some of it. */
  bodyBytes: 60 * 1024,
  headerBytes: 16 * 1024,
  /** From the first byte to the last of a request; also what a client that sends a byte a second gets. */
  requestTimeoutMs: 10_000,
  headersTimeoutMs: 5_000,
  keepAliveTimeoutMs: 30_000,
  /** How often Node looks for requests that took too long; its default is 30 s. */
  checkEveryMs: 1_000,
  connections: 2_048,
  /** Open at once: each holds a socket and a cursor. */
  streams: 500,
  /** Of them for each token a tenth, and with its waits about a quarter of the connections. */
  streamsPerToken: 50,
  waitsPerToken: 500,
  /** For all the tokens of a tenant half of the streams, and with their waits half of the connections: the rest is others'. */
  streamsPerTenant: 250,
  waitsPerTenant: 750,
  /** An id has 63 characters; longer is refused by its schema, with words, up to here. */
  pathPartCharacters: 300,
  /** Requests a second for each token. */
  requestsPerSecond: 2_000,
  eventLoopDelayMs: 1_000,
} as const;
