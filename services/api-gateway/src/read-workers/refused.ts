// The reasons why a read worker gave no answer: each is a 503, and the request may be retried.

/** Also a label value of the metric. */
export type Refusal = 'queue-full' | 'tenant-share' | 'deadline' | 'worker-lost' | 'stopping' | 'gone';

const WORDS: Readonly<Record<Refusal, string>> = {
  'queue-full': 'the queue of this gateway is full; try again in a moment',
  'tenant-share': "this tenant's share of the queue is full; try again in a moment",
  deadline: 'the query was not answered in time; request less, or try again in a moment',
  'worker-lost': 'the query was interrupted; try again in a moment',
  stopping: 'this gateway is stopping; try again',
  gone: 'the caller no longer waits for the answer',
};

export class ReadRefused extends Error {
  readonly reason: Refusal;
  constructor(reason: Refusal) {
    super(WORDS[reason]);
    this.name = 'ReadRefused';
    this.reason = reason;
  }
}

/** The worker's file has not reached the requested position. */
export class ReadBehind extends Error {}
