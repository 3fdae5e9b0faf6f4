// Messages to and from read workers: the reader's queries that may be long, and their replies.
import type { Kind, Positions, Reader } from '@ironlog/read-model';
import type { HostId } from '@ironlog/schemas';
import type { PageBody } from './page-body.ts';

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
/** The ones whose answer may be the body of an HTTP answer. */
export type PageName = Extract<QuestionName, 'vms' | 'operations' | 'attention' | 'usage' | 'vmEvents'>;

/** What the reader has and a body shows otherwise. */
export interface PageContext {
  /** Of `vms`: the hosts whose VMs' health is known. */
  readonly liveHosts?: readonly HostId[];
}

interface Asked<Name> {
  readonly name: Name;
  readonly args: readonly unknown[];
  /** The position that the file must have reached: the worker may have another generation open than the gateway. */
  readonly atLeast: Positions;
}
/** With `page`: for the body of an HTTP answer. Otherwise for what the reader returns. */
export type Question = Asked<QuestionName> | (Asked<PageName> & { readonly page: PageContext });

/** A thread sends this once, when its modules are loaded. */
export const READY = 'ready';

export type Reply =
  | { readonly kind: 'answer'; readonly value: unknown }
  /** `undefined`: the reader has returned nothing that a body could be made of. */
  | { readonly kind: 'page'; readonly body: PageBody | undefined }
  /** There is no file yet. */
  | { readonly kind: 'not-ready' }
  /** The file has not reached `atLeast` in time. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'failed'; readonly error: Error };
