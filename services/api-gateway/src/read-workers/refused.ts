// Why a read worker gave no answer: each is a 503 that a caller may try again.

/** In the metric, too. */
export type Refusal = 'queue-full' | 'tenant-share' | 'deadline' | 'worker-lost' | 'stopping' | 'gone';

const WORDS: Readonly<Record<Refusal, string>> = {
  'queue-full': 'as many queries wait as this gateway holds; try again in a moment',
  'tenant-share': 'as many queries of this tenant wait as one tenant may have; try again in a moment',
  deadline: 'the query was not answered in time; ask for less, or try again in a moment',
  'worker-lost': 'the query was cut off; try again in a moment',
  stopping: 'this gateway stops; try again',
  gone: 'nobody waits for the answer any more',
};

export class ReadRefused extends Error {
  readonly reason: Refusal;
  constructor(reason: Refusal) {
    super(WORDS[reason]);
    this.name = 'ReadRefused';
    this.reason = reason;
  }
}

/** The worker's file has not got to the position that was asked for. */
export class ReadBehind extends Error {}
