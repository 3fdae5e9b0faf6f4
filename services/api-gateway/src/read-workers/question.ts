// Messages to and from read workers: the reader's queries that may be long, and their replies.
import type { Kind, Positions, Reader } from '@ironlog/read-model';

/** The file that answers each. Reads by key are not included: one costs less than a message to a worker. */
export const FILE_OF = {
  vms: 'state',
  operations: 'state',
  attention: 'state',
  usage: 'state',
  hosts: 'state',
  images: 'state',
  imageUser: 'state',
  vmThen: 'history',
  vmEvents: 'history',
  history: 'history',
} as const satisfies Partial<Record<keyof Reader, Kind>>;

export type QuestionName = keyof typeof FILE_OF;

export interface Question {
  readonly name: QuestionName;
  readonly args: readonly unknown[];
  /** The position that the file must have reached: the worker may have another generation open than the gateway. */
  readonly atLeast: Positions;
}

/** A thread sends this once, when its modules are loaded. */
export const READY = 'ready';

export type Reply =
  | { readonly kind: 'answer'; readonly value: unknown }
  /** There is no file yet. */
  | { readonly kind: 'not-ready' }
  /** The file has not reached `atLeast` in time. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'failed'; readonly error: Error };
