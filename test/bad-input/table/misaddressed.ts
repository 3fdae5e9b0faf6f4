// Messages that are no command or no event at all: which are rejected, and who quarantines the others.
import type { IngressRow } from './ingress-rows.ts';
import { FAR_AHEAD, HOME, OTHER_TENANT, UNKNOWN_VM, VMS } from './names.ts';

export type Counting = 'api-gateway' | 'vm-executor' | 'state-projector' | 'recovery-worker';

export interface Misaddressed {
  readonly what: string;
  /** The NATS user that publishes it: one that may. */
  readonly by: 'gateway' | 'executor-host-1' | 'recovery';
  readonly subject: string;
  readonly body: string | Uint8Array;
  /** Services whose `ironlog_quarantined_total` rises by one. */
  readonly countedBy: readonly Counting[];
}

const NO_UTF8 = new Uint8Array([0xff, 0xfe, 0x00, 0x01]);
const HOST = 'host-1';

const work = (
  target: string,
  what: string,
  body: Misaddressed['body'],
  address: string = `${VMS.running}.boot`,
): Misaddressed => ({
  what: `${what} on work.${target}`,
  by: 'gateway',
  subject: `ironlog.work.${target}.${HOME}.${address}`,
  body,
  countedBy: [target === 'any' ? 'api-gateway' : 'vm-executor', 'state-projector'],
});

/** An accepted command, valid by itself. */
export const command = (vm: string): string =>
  JSON.stringify({
    specversion: '1.0',
    id: 'cmd-bad-stray',
    source: '/api-gateway',
    type: 'ironlog.vm.boot.v1',
    subject: vm,
    tenant: HOME,
    correlationid: 'cmd-bad-stray',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    actor: 'dev',
    data: {
      action: { verb: 'boot', params: {} },
      request: {
        verb: 'boot',
        door: 'http',
        requestedAt: '2026-01-01T00:00:00.000Z',
        startBy: FAR_AHEAD,
        bodyHash: '0'.repeat(64),
      },
      round: 0,
    },
  });

/** An event that is valid by itself, and disagrees with its subject. */
export const created = (fields: object): string =>
  JSON.stringify({
    specversion: '1.0',
    id: 'evt-00000000000000000000000001',
    source: `/hosts/${HOST}/vm-executor`,
    type: 'ironlog.vm.created.v1',
    subject: VMS.running,
    tenant: HOME,
    revision: 1,
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    actor: HOST,
    data: { epoch: 0 },
    ...fields,
  });

const event = (
  what: string,
  body: Misaddressed['body'],
  rest = `vm.${HOME}.${VMS.running}.${HOST}.fact`,
): Misaddressed => ({
  what: `${what} on evt.${rest}`,
  by: 'executor-host-1',
  subject: `ironlog.evt.${rest}`,
  body,
  countedBy: rest.endsWith('failure') ? ['state-projector', 'recovery-worker'] : ['state-projector'],
});

/** No tenant's client may publish these; a user that may has a bug. */
export const PRIVILEGED: readonly Misaddressed[] = [
  work(HOST, 'no JSON', 'boot now'),
  work(HOST, 'no bytes', ''),
  work(HOST, 'no text', NO_UTF8),
  work(HOST, 'JSON that is no command', '{"id":"cmd-1"}'),
  work(HOST, 'null', 'null'),
  work(HOST, "another VM's command", command(VMS.created)),
  work(HOST, 'a command of another verb', command(VMS.running), `${VMS.running}.pause`),
  work('any', 'no JSON', '{', `${UNKNOWN_VM}.boot`),
  work('any', 'JSON that is no command', '[]', `${UNKNOWN_VM}.boot`),
  event('no JSON', 'created'),
  event('no bytes', ''),
  event('no text', NO_UTF8),
  event('an unknown type', created({ type: 'ironlog.vm.exploded.v1' })),
  event('an unknown field', created({ nonsense: 1 })),
  event("another tenant's event", created({ tenant: OTHER_TENANT })),
  event("another VM's event", created({ subject: VMS.created })),
  event("another writer's event", created({ source: '/recovery-worker' })),
  event('a revision that was', created({})),
  event('no JSON', '{', `vm.${HOME}.${VMS.running}.${HOST}.failure`),
  event('no JSON', '{', `vm.${HOME}.${UNKNOWN_VM}.${HOST}.fact`),
  event('no JSON', '{', `cmd.${HOME}.${HOST}.rejected`),
  event('no JSON', '{', `host.${HOST}.${HOST}.fact`),
];

/** Messages that a tenant's client may publish though their subject is no command's: the tenant gets a rejection. */
export const AT_INGRESS: readonly (IngressRow & { readonly what: string })[] = [
  ['no verb', `ironlog.cmd.${HOME}.${VMS.running}`],
  ['no VM', `ironlog.cmd.${HOME}.boot`],
  ['an unknown verb', `ironlog.cmd.${HOME}.${VMS.running}.explode`],
  ['a verb in capitals', `ironlog.cmd.${HOME}.${VMS.running}.BOOT`],
  ['an extra token', `ironlog.cmd.${HOME}.${VMS.running}.boot.now`],
  ['a reserved id', `ironlog.cmd.${HOME}.any.boot`],
  ['a VM id of 64 characters', `ironlog.cmd.${HOME}.${'x'.repeat(64)}.boot`],
].map(([what = '', subject = '']) => ({ what, subject, body: '', answer: { rejected: 'invalid-command' } }));
