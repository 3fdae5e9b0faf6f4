// Bodies of HTTP answers, made in the worker: the view of what the reader has returned, checked against the answer's schema.
import type { OperationState } from '@ironlog/domain';
import type { Reader } from '@ironlog/read-model';
import {
  attentionListSchema,
  eventListSchema,
  operationListSchema,
  operationSchema,
  usageListSchema,
  type VmSpec,
  vmListSchema,
} from '@ironlog/schemas';
import { z } from 'zod';
import { eventView } from '../http/views/event-view.ts';
import { healthAmong } from '../http/views/live-health.ts';
import { operationView } from '../http/views/operation-view.ts';
import { type WaitingCause, waitingCause } from '../http/views/waiting-cause.ts';
import type { Gap, PageBody } from './page-body.ts';
import type { PageContext, PageName } from './question.ts';

interface Asked<Name extends PageName> extends PageContext {
  readonly reader: Reader;
  readonly args: Parameters<Reader[Name]>;
}
type MakePage<Name extends PageName> = (value: ReturnType<Reader[Name]>, asked: Asked<Name>) => PageBody | undefined;

const utf8 = new TextEncoder();

/** As the server writes what it is given as an object. @throws ZodError */
const json = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>): string =>
  JSON.stringify(z.encode(schema, value));

const whole = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>): PageBody => ({
  bytes: utf8.encode(json(schema, value)),
  gaps: [],
});

/** Equal causes are one object: they are explained once. */
const causesBy = (reader: Reader): ((operation: OperationState) => WaitingCause | undefined) => {
  const causes = new Map<string, WaitingCause>();
  const specs = new Map<string, VmSpec>();
  const once = <Value>(known: Map<string, Value>, value: Value): Value => {
    const key = JSON.stringify(value);
    if (!known.has(key)) known.set(key, value);
    return known.get(key) ?? value;
  };
  return (operation) => {
    const cause = waitingCause(reader, operation);
    if (cause?.kind !== 'unplaced') return cause && once(causes, cause);
    // No host is found or refused by these two.
    const spec = once(specs, { ...cause.spec, name: undefined, labels: {} });
    return once(causes, { ...cause, spec });
  };
};

const OPENING = '{"items":[';

/** `waitingFor` is the last but one of an operation's fields. */
const operations: MakePage<'operations'> = (page, { reader }) => {
  if (!page) return undefined;
  const causeOf = causesBy(reader);
  const pieces: string[] = [OPENING];
  const gaps: Gap[] = [];
  let at = OPENING.length;
  const add = (piece: string): void => {
    pieces.push(piece);
    at += Buffer.byteLength(piece);
  };
  for (const [index, state] of page.items.entries()) {
    const view = operationView(state, () => undefined);
    const text = json(operationSchema, view);
    const last = text.length - JSON.stringify({ links: view.links }).length;
    add((index === 0 ? '' : ',') + text.slice(0, last));
    const cause = causeOf(state);
    if (cause) gaps.push({ at, cause });
    add(text.slice(last));
  }
  pieces.push(json(operationListSchema, { items: [], nextCursor: page.nextCursor }).slice(OPENING.length));
  return { bytes: utf8.encode(pieces.join('')), gaps };
};

const MAKE: { readonly [Name in PageName]: MakePage<Name> } = {
  vms: (page, { liveHosts = [] }) => {
    if (!page) return undefined;
    return whole(vmListSchema, {
      items: page.items.map(healthAmong(new Set(liveHosts))),
      nextCursor: page.nextCursor,
    });
  },
  operations,
  attention: (items) => whole(attentionListSchema, { items: items.toSorted((a, b) => (a.since < b.since ? -1 : 1)) }),
  usage: (page) => page && whole(usageListSchema, { items: [...page.items], nextCursor: page.nextCursor }),
  vmEvents: (items, { args: [, , { limit }] }) => {
    const last = items.at(-1);
    if (!last) return undefined;
    return whole(eventListSchema, {
      items: items.map(eventView),
      nextAfter: items.length < limit ? null : last.sequence,
    });
  },
};

interface AskedFor extends PageContext {
  readonly reader: Reader;
  readonly name: PageName;
  readonly args: readonly unknown[];
}

/** `undefined`: the reader has returned nothing that a body could be made of. */
export const makePage = (value: unknown, { name, ...asked }: AskedFor): PageBody | undefined =>
  // `createQueries` has the types of each question from the reader itself; between the threads they are values.
  (MAKE[name] as (given: unknown, by: object) => PageBody | undefined)(value, asked);
