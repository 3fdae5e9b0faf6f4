// Bad commands on NATS, for every verb: each ends as a rejection on record, or is refused by nats-server itself.
import { MAX_PAYLOAD_BYTES } from '@ironlog/infra';
import { type RejectionCode, VERBS, type Verb } from '@ironlog/schemas';
import { type ByKind, none } from './kinds.ts';
import { FAR_AHEAD, HOME, LONG_PAST, OTHER_TENANT, PATH_TEXT, SQL_TEXT, UNKNOWN_VM, VMS } from './names.ts';

export type IngressAnswer =
  /** Stored in EVENTS, with the command's id. */
  | { readonly rejected: RejectionCode }
  /** nats-server reports it to the client, and stores nothing. */
  | { readonly refused: RegExp };

export interface IngressRow {
  readonly subject: string;
  /** An object gets its own id, by which the rejection is found; text is sent as it is. */
  readonly body: Readonly<Record<string, unknown>> | string | Uint8Array;
  readonly answer: IngressAnswer;
}
export type IngressRows = ByKind<IngressRow>;

const NOT_PERMITTED = /Permissions Violation for Publish/i;
const INVALID: IngressAnswer = { rejected: 'invalid-command' };

const subject = (vm: string, verb: string, tenant: string = HOME): string => `ironlog.cmd.${tenant}.${vm}.${verb}`;

/** A VM whose state does not allow the verb, and the resulting code. */
const NOT_ALLOWED: Readonly<Record<Verb, readonly [vm: string, code: RejectionCode]>> = {
  create: [VMS.running, 'vm-exists'],
  boot: [VMS.running, 'illegal-state'],
  shutdown: [VMS.created, 'illegal-state'],
  pause: [VMS.created, 'illegal-state'],
  resume: [VMS.running, 'illegal-state'],
  reboot: [VMS.created, 'illegal-state'],
  delete: [VMS.running, 'illegal-state'],
  cleanup: [VMS.running, 'illegal-state'],
  snapshot: [VMS.running, 'illegal-state'],
  restore: [VMS.running, 'illegal-state'],
};

interface Params {
  readonly wrong: readonly object[];
  readonly beyond: readonly object[];
}
const TAKES_NONE: Params = { wrong: [], beyond: [] };
const PARAMS: Readonly<Record<Verb, Params>> = {
  create: {
    wrong: [{ spec: { cpus: 'two' } }, { spec: [] }, { start: 'yes' }],
    beyond: [{ spec: { memoryMiB: 31 } }, { spec: { cpus: 257 } }, { spec: { kernelArgs: 'x'.repeat(1025) } }],
  },
  boot: TAKES_NONE,
  shutdown: { wrong: [{ timeoutSeconds: '30' }, { mode: true }], beyond: [{ timeoutSeconds: 0 }, { mode: 'gently' }] },
  pause: TAKES_NONE,
  resume: TAKES_NONE,
  reboot: { wrong: [{ force: 'true' }], beyond: [{ timeoutSeconds: 3601 }] },
  delete: { wrong: [{ force: 'true' }, { force: 1 }], beyond: [] },
  cleanup: TAKES_NONE,
  snapshot: TAKES_NONE,
  restore: TAKES_NONE,
};

const rowsFor = (verb: Verb): IngressRows => {
  const [vm, code] = NOT_ALLOWED[verb];
  const here = subject(vm, verb);
  const bad = (body: IngressRow['body'], answer: IngressAnswer = INVALID): IngressRow => ({
    subject: here,
    body,
    answer,
  });
  const to = (text: string, answer: IngressAnswer): IngressRow => ({ subject: subject(text, verb), body: {}, answer });
  const make = (spec: object, answer: IngressAnswer): IngressRow => ({
    subject: subject(UNKNOWN_VM, verb),
    body: { params: { spec } },
    answer,
  });
  return {
    'unknown field': [
      bad({ tenant: OTHER_TENANT }),
      bad({ actor: 'root' }),
      bad({ params: { nonsense: 1 } }),
      bad('{"__proto__":{}}'),
    ],
    'wrong type': [
      bad('[]'),
      bad('7'),
      bad('null'),
      bad({ params: [] }),
      bad({ params: null }),
      bad('{"id":7}'),
      bad({ startBy: 7 }),
      bad({ expectedRevision: '1' }),
      ...PARAMS[verb].wrong.map((params) => bad({ params })),
    ],
    'out of range': [
      bad({ expectedRevision: -1 }),
      bad({ startBy: FAR_AHEAD }),
      ...PARAMS[verb].beyond.map((params) => bad({ params })),
    ],
    'too large': [
      bad(new Uint8Array(MAX_PAYLOAD_BYTES + 1).fill(32), { refused: /Maximum Payload Violation/i }),
      bad({ params: { nonsense: 'x'.repeat(MAX_PAYLOAD_BYTES - 1_000) } }),
    ],
    'not JSON': [bad('{"params":'), bad('boot now'), bad(new Uint8Array([0xff, 0xfe, 0x00]))],
    'foreign tenant': [{ subject: subject(vm, verb, OTHER_TENANT), body: '', answer: { refused: NOT_PERMITTED } }],
    'illegal state': [
      bad({}, { rejected: code }),
      to(VMS.deleted, { rejected: verb === 'create' ? 'vm-exists' : 'vm-deleted' }),
    ],
    'unknown VM':
      verb === 'create' ? none('it makes the VM that it names') : [to(UNKNOWN_VM, { rejected: 'vm-not-found' })],
    'unknown image':
      verb === 'create'
        ? [make({ image: 'no-such-image' }, { rejected: 'image-not-found' })]
        : none('a VM keeps the image of its create'),
    'path characters': [
      // Its empty tokens match no subject that the client may publish on.
      to('../../etc', { refused: NOT_PERMITTED }),
      to('a/b', INVALID),
      bad(JSON.stringify({ id: PATH_TEXT })),
      ...(verb === 'create' ? [make({ image: PATH_TEXT }, INVALID)] : []),
    ],
    'SQL characters': [
      to("x';DROP-TABLE-vms;--", INVALID),
      bad(JSON.stringify({ id: SQL_TEXT })),
      ...(verb === 'create' ? [make({ image: SQL_TEXT }, INVALID)] : []),
    ],
    'past startBy': [bad({ startBy: LONG_PAST }, { rejected: 'expired' })],
  };
};

/** Every verb of the contract: the ingress has no other. */
export const INGRESS: Readonly<Record<Verb, IngressRows>> = Object.fromEntries(
  VERBS.map((verb) => [verb, rowsFor(verb)]),
) as Record<Verb, IngressRows>;
