// How many streams this gateway has open, of whatever kind: each holds a socket and a place to go on from.
import type { Readable } from 'node:stream';
import type { Metrics } from '@ironlog/service-kit';
import { ProblemError } from './problem.ts';
import { LIMITS } from './server/limits.ts';

export class OpenStreams {
  readonly #clients: ReturnType<Metrics['gauge']>;
  #open = 0;

  constructor(metrics: Metrics) {
    this.#clients = metrics.gauge('ironlog_sse_clients');
  }

  /** @throws ProblemError where there are as many as there may be. */
  refuseMore(): void {
    if (this.#open >= LIMITS.streams)
      throw new ProblemError('overloaded', `${LIMITS.streams} streams are open already; close one or try again`);
  }

  /** Until its body is closed. */
  count(body: Readable): void {
    this.#change(1);
    body.once('close', () => this.#change(-1));
  }

  #change(by: 1 | -1): void {
    this.#open += by;
    this.#clients.set(this.#open);
  }
}
