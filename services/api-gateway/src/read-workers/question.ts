// What read workers are asked: the reader's questions that may be long, as messages between two threads.
import type { Kind, Positions, Reader } from '@ironlog/read-model';

/** Which file each is answered from. A single keyed read is not among them: it costs less than the way to a worker. */
export const FILE_OF = {
  vms: 'state',
  operations: 'state',
  attention: 'state',
  usage: 'state',
  hosts: 'state',
  vmThen: 'history',
  vmEvents: 'history',
  history: 'history',
} as const satisfies Partial<Record<keyof Reader, Kind>>;

export type QuestionName = keyof typeof FILE_OF;

export interface Question {
  readonly name: QuestionName;
  readonly args: readonly unknown[];
  /** The file must have got there: the worker may have it in another generation than the gateway has. */
  readonly atLeast: Positions;
}

/** What a thread says once, when its modules are loaded. */
export const READY = 'ready';

export type Reply =
  | { readonly kind: 'answer'; readonly value: unknown }
  /** There is no file yet. */
  | { readonly kind: 'not-ready' }
  /** The file has not got to `atLeast` in time. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'failed'; readonly error: Error };
